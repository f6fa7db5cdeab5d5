"""Step Functions: moto's interpreter of the Amazon States Language, switched on and completed.

moto records state machines by default and runs nothing; it also carries an interpreter (ported from
LocalStack). This package makes that interpreter the backend, and adds what it lacks::

    moto_backend   what of moto is replaced, and when
    backend        state machines and executions: names, idempotency, stop, task tokens
    execution      one execution: its status, its events on EventBridge, its history in the log group
    interpreter    the few places where the interpreter itself is changed, each with its reason
    tasks/         how a Task reaches a service: SageMaker (also .sync), aws-sdk, credentials of the role
    definition     what AWS says about a definition before it takes it
    provider       the operations that moto lacks or answers wrongly

What differs from AWS: JSONPath only (JSONata needs a Java runtime in moto and is refused); Wait and Retry
follow localaws' clock, TimeoutSeconds is real time; redrive is refused by name.
"""
