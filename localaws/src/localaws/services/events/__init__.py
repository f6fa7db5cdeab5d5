"""EventBridge: rules that reach their targets.

moto keeps buses, rules and patterns; it delivers to log groups and queues only, while the publisher waits,
and drops or refuses every other target. Here an event takes this way::

    bus           publish(): a service of localaws, or S3, says that something happened
    moto_backend  PutEvents, rules and targets: which rules match; what of moto is replaced
    s3_events     the events of S3, in AWS's shape
    transform     Input, InputPath, InputTransformer: what a target receives
    delivery      the calls to the targets, in the background, with retries and dead-letter queues
    targets       one function a service: CodePipeline, Step Functions, Lambda, SNS, SQS, logs, buses
    triggers      which rule started a pipeline, for CodePipeline's execution history

Delivery is at least once and in no order, as on AWS. Rules with a schedule are kept and do not fire.
"""
