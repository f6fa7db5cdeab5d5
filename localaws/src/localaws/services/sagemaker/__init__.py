"""SageMaker on localaws: jobs and endpoints are real processes in SageMaker's container contract.

The way of a job, and what each part may touch::

    provider.py      the service: its operations come from the modules below, one a resource
    jobs/            create, describe, list, stop; a thread per job; status in one place (jobs/record.py)
    endpoints/       endpoint configs, endpoints, fleets of serving processes, the switch between fleets
    models.py        models;  registry.py  model package groups and versions
    images/          which image URI runs how: the prebuilt scikit-learn image, this project's own image
    container/       a process with its own /opt/ml: directories, S3 in and out, logs, exit codes
    store.py         the records, their tags, and how they are listed
    events.py        what EventBridge hears

A job decides first (jobs/*.py turn the request into a plan and refuse what is not emulated, by name) and
then runs: files from S3 into a private directory, a process that sees this directory as /opt/ml, files
back to S3. Only ``container/`` starts processes.

AWS pages: SageMaker developer guide, ``your-algorithms-training-algo``, ``your-algorithms-inference-code``,
``your-algorithms-batch-code``, ``build-your-own-processing-container``.
"""
