"""IAM: who calls, and who may do what.

The policy engine, which knows nothing of requests and of moto:

    matching           wildcards and policy variables
    conditions         the condition operators
    principals         who calls, and whether a policy names them
    document           a policy, parsed
    decision           whether all policies together allow a request
    explain            a denial in AWS's words, and the missing statement

Requests and what moto keeps:

    signature          the signature of a request
    identities         whose access key has signed it
    operations         which operation it calls
    catalog            AWS's Service Authorization Reference, from data/actions.json
    resources          the ARNs of an operation, by the general rule
    special            the operations that have a rule of their own
    s3_requests        the actions of S3
    context_keys       the condition keys of a request
    effects            what AWS checks besides: keys, passed roles, tags, log delivery
    service_effects    what a service calls for a role: logs, traces, grants
    stores             the policies of identities, and resource_policies those of resources
    authorizer         one decision with all of them

What clients and people see:

    gate               refuses a request, or lets it pass; mode has its setting, refusals the errors
    ledger             every distinct authorization
    reports            what is unused, and a policy of what was used
    cli, control       ``localaws iam``, and the server's side of it
    simulation         SimulatePrincipalPolicy and SimulateCustomPolicy
"""
