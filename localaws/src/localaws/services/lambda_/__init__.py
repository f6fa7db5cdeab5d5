"""Lambda without Docker: a function is a process of AWS's own runtime client.

moto keeps the records (functions, versions, aliases, permissions, layers); this package runs them::

    moto_backend      replaces moto's backend; which version is invoked; moto's answers corrected
    function          one function or version: moto's record, plus the settings that moto drops
    invoker           RequestResponse, Event (queue, retries, destinations); concurrency limits
    errors            what Lambda refuses, and how moto says it
    destinations      where the record of an event goes in the end
    pool              execution environments: warm reuse, one for each concurrent invocation
    environment       one execution environment: a process, its Runtime API, its log stream
    runtime_api       the HTTP API that a Lambda runtime client polls (2018-06-01)
    output, report    the function's lines, and START, END and REPORT around them
    settings          how a process is started: its variables, its path, its retries
    runtime_packages  what AWS's Python runtime brings, and nothing else of our environment
    code              a deployment package, unpacked once per CodeSha256

What differs from AWS, and stays so: the interpreter is the one that runs localaws, whatever ``python3.x``
the function asks for (other runtimes and container images are refused by name at invoke); memory is
reported, not limited; ``/tmp`` is the machine's, but ``TMPDIR`` is private to each environment.
"""
