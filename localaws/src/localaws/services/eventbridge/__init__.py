"""EventBridge: events reach the targets of the rules that they match.

moto keeps buses, rules and patterns. Of all targets it calls log groups and queues only, while the publisher
waits. Here an event passes these modules in order::

    bus          publish(): a service of localaws, or S3, publishes an event
    backend      PutEvents, rules and targets; which rules match
    s3_events    the events of S3, in AWS's shape
    transform    Input, InputPath, InputTransformer: what a target receives
    delivery     the calls to the targets, in the background, with retries and dead-letter queues
    targets      one function per service: CodePipeline, Step Functions, Lambda, SNS, SQS, logs, buses
    schedules    the rules with a schedule, which fire as the clock advances
    metrics      AWS/Events
    triggers     which rule started a pipeline, for CodePipeline's execution history

Delivery is at least once and in no particular order, as on AWS.
"""
