"""IAM: who may do what.

The policy engine, which knows nothing of requests and of moto:

    matching      wildcards and policy variables
    conditions    the condition operators
    principals    who calls, and whether a policy names them
    document      a policy, parsed
    decision      whether all policies together allow a request
    explain       a denial in AWS's words, and the missing statement
"""
