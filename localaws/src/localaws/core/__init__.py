"""What every service of localaws is built on. Nothing here knows a service.

A request passes through these modules::

    wsgi.py       the HTTP server's request becomes a Call (call.py), its body a stream (body.py)
    access.py     may this caller use localaws? peer.py names the user at the other end
    gateway.py    which service and operation is it: of ours, of moto, or refused by name?
    wire/         the input parsed and validated by botocore's model, the output checked and written
    provider.py   the base class of a service

A service gets a ``Context`` (context.py) and nothing else: a clock (clock.py), child processes
(processes.py), boto3 clients of this server, log streams (logs.py), objects that services share (shared.py)
and the event bus. errors.py has the error that an operation raises, paging.py the pages of a listing.
"""
