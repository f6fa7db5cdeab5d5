"""SageMaker on localaws: jobs and endpoints are real processes that follow SageMaker's container contract.

The parts, and what each may touch::

    provider.py          the service: composes the resources below
    jobs/                processing, training and transform jobs; one thread per job
    endpoints/           endpoint configs, endpoints, fleets of serving containers, their traffic
    capture/             data capture: the requests of endpoints as files in S3
    models.py            models and how they are served; model_containers.py  their container definitions
    model_packages.py    the model registry; groups in model_package_groups.py, ETags in model_data_etags.py
    serving/             one serving container, and the model data that it serves
    images/              which image URI runs how: the prebuilt scikit-learn image, local directories
    container/           a process with its own /opt/ml: directories, S3 in and out, logs, exit codes
    store.py             the records and their ARNs; listing.py  how they are listed; tags.py  their tags
    events.py            the events that EventBridge gets

A resource is a class with the operations of one kind of record. It gets its collaborators in its
constructor. A request is checked first, and what is not emulated is refused by name. Then the work runs:
files from S3 to a private directory, a process that sees this directory as /opt/ml, files back to S3. Only
``container/`` starts processes.

Model data is compared with what was recorded at registration before it is unpacked (serving/model_data.py):
with the ETag that CreateModelPackage records, with the ETag of ModelDataSource, and with the variable
MODEL_SHA256 of the container. A fleet downloads it once. SageMaker documents no such comparison.

AWS pages: SageMaker developer guide, ``your-algorithms-training-algo``, ``your-algorithms-inference-code``,
``your-algorithms-batch-code``, ``build-your-own-processing-container``.
"""
