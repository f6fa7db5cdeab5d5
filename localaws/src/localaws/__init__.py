"""localaws: AWS in one process on 127.0.0.1.

Clients reach it by ``AWS_ENDPOINT_URL`` alone. moto is the base; where moto records a call and runs
nothing, a service of localaws runs it::

    cli.py, options.py  the command ``localaws`` and the options of a server
    daemon.py           the server as a process, found by its state directory
    server.py           one threaded HTTP server, on the loopback interface only
    core/               what all services share
      access.py         refuses web pages of other origins and other users of the machine (403)
      gateway.py        finds service and operation of a request: ours, moto's, or refused by name (400)
      wire/             parses and validates the input, and checks the output, by botocore's service model
      provider.py       the base class of our services; its operations are marked methods
      context.py        what a service may use
    services/           one package per service: state, effects, errors; registry.py lists them
    patches.py          the table of the changes to moto, each with its reason; patch.py applies it
    testing.py          a server for the tests of a project

A service uses nothing but its :class:`~localaws.core.context.Context`: a clock, a scratch directory, a table
of child processes, boto3 clients that reach this server again with the credentials of a role, the event bus
and CloudWatch Logs. No service touches the state of another one.

A job, a function or an endpoint is a child process of the server. When the server stops, they stop.
"""
