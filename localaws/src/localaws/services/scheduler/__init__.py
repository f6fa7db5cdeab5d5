"""EventBridge Scheduler: schedules that invoke a target at a time, or again and again.

The modules, each knowing only those above it::

    cron          AWS's cron expressions
    expressions   rate, cron and at, in a time zone: when does it happen next?
    ticker        a thread that calls back at these times; the scheduled rules of EventBridge use it too
    schedule      the record of a schedule
    targets       one function for each kind of target
    invoker       calls targets in the background, with retries and a dead-letter queue
    check         what CreateSchedule and UpdateSchedule refuse
    schedules     their operations, and those on groups and tags

Choices where AWS's documentation leaves one: an invocation is tried at most six times however long its
retry policy allows, because a target in this process that has failed six times will not recover; a time in
the past does not fire.
"""
