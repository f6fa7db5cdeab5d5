"""Step Functions: moto's interpreter of the Amazon States Language, switched on and completed.

By default moto records state machines and runs nothing. It also contains an interpreter, which comes from
LocalStack. This package makes that interpreter the backend and adds what it lacks::

    provider       the operations that moto lacks, or answers differently from AWS
    backend        state machines and executions: names, idempotency, stop, task tokens
    execution      one execution: its status, its events on EventBridge, its history in the log group
    interpreter    what replaces parts of the interpreter
    semantics      rules of the language in which the interpreter differs from AWS
    tasks/         Task states that call a service: SageMaker (also .sync) and aws-sdk
    definition     checks of a definition before it is accepted
    views          answers in the shape of the API

Differences from AWS: JSONPath only (moto needs a Java runtime for JSONata, so it is refused); Wait and Retry
follow the clock of localaws, TimeoutSeconds is real time; redrive is refused by name.
"""
