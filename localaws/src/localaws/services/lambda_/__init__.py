"""Lambda without Docker: a function is a process of AWS's own runtime client.

moto keeps the records (functions, versions, aliases, permissions, layers); this package runs the functions::

    backend           the operations; which version is invoked; corrections of moto's answers
    function          a function or version: moto's record, with the settings that moto drops
    errors            the errors of Lambda as exceptions of moto
    invoker           synchronous and asynchronous invocations: queue, retries, destinations
    destinations      sends the record of an asynchronous invocation
    pool              execution environments: warm reuse, concurrency limits
    environment       an execution environment: a process, its Runtime API, its log stream
    invocation        an invocation and its result
    runtime_api       the HTTP API that a Lambda runtime client polls (2018-06-01)
    report            START, END and REPORT around the lines of the function
    permission        whether the policy of a function lets a service invoke it
    settings          how a process is started: its variables, its path, its retries
    runtime_packages  the packages of AWS's Python runtime, without those of localaws' environment
    code              deployment packages, each unpacked once

Differences from AWS: the interpreter is the one that runs localaws, whatever ``python3.x`` a function asks
for; other runtimes and container images are refused by name when they are invoked. Memory is reported, not
limited. ``/tmp`` is that of the machine, but each environment has a ``TMPDIR`` of its own.
"""
