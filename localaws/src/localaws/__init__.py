"""localaws: the AWS services of the landing zone, embedded in one process on 127.0.0.1.

boto3, the AWS CLI and Terraform reach it by ``AWS_ENDPOINT_URL`` alone. moto is the base; where moto
records a call and runs nothing, a service of ours really runs it. A request takes this way::

    server.py       one threaded HTTP server, loopback only
    gateway.py      which service and operation is this? ours, moto's, or refused by name (400)
    wire/           botocore's service model parses and validates the input, and checks the output
    provider.py     the base class of a service of ours: one method an operation, AWS's verbs
    <service>/      the service itself: state, effects, errors
    moto_overrides  the one place where moto is changed, each change with its reason

What a service may touch is in its :class:`~localaws.core.context.Context`: a clock, a scratch directory, a
table of child processes, boto3 clients that come back in through the front door with the credentials of
a role, the event bus and CloudWatch Logs. Nothing reaches into another service's state.

A job, a function or an endpoint is a child process of the server. When the server stops, they stop.
"""
