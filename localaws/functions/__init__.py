"""Lambda without Docker: a function is a process of AWS's own runtime client.

moto keeps the records (functions, versions, aliases, permissions, layers); this package runs them::

    moto_backend  replaces moto's backend; which version is invoked, and how moto's answers are corrected
    function      one function or version: moto's record, plus the settings that moto drops
    invoker       RequestResponse, Event (queue, retries, destinations) and DryRun; concurrency limits
    pool          execution environments of one function: warm reuse, one per concurrent invocation
    environment   one execution environment: a process, its Runtime API, its log stream
    runtime_api   the HTTP API that a Lambda runtime client polls (2018-06-01)
    code          a deployment package, unpacked once per CodeSha256

What differs from AWS, and stays so: the interpreter is the one that runs localaws, whatever ``python3.x``
the function asks for (other runtimes and container images are refused by name at invoke); memory is
reported, not limited; ``/tmp`` is the machine's, but ``TMPDIR`` is private to each environment.
"""
