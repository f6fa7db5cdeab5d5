"""CodePipeline: stages, actions, artifacts, approvals, retries, modes and events.

A request passes through::

    provider.py       builds the parts and connects them
    pipelines.py, executions.py, stages.py, approvals.py, jobs.py, tags.py
                      the operations: look up, check, call the engine, render; no decisions of their own
    validation.py     refuses a structure that AWS refuses (action_types.py: the providers that run here).
                      Its parts: dataflow.py, configuration_checks.py, condition_checks.py, trigger_checks.py
    declaration.py    the definition as frozen dataclasses (triggers.py: its triggers)

and an execution through::

    engine.py         commands on executions: start, stop, retry, roll back, finish an action. One lock.
    flow.py           decides what happens next: which execution enters a stage, what follows from its end
    conditions.py     starts the rules of a stage's conditions, and concludes them
    starter.py        starts one action or rule: variables, artifacts, thread
    statuses.py       the transition tables; the only place that writes a status, and that publishes it
    runner.py         effects: one thread for each running action, handlers in actions/
    models.py         the state, plain dataclasses
    views.py          the state in the shapes of the API (action_views.py: actions; rule_views.py:
                      conditions and rules; listings.py: pages)

and is started by a request, or by::

    git_events.py     a push or a pull request behind a connection
    poller.py         a new version of an object, or a new commit of a branch in CodeCommit

flow.py and statuses.py never block and call no other service: with a fake launcher they can be driven
action by action, which is how the execution modes are tested. A handler in actions/ never writes state: it
returns an Outcome or raises ActionFailedError; the engine ignores it when the action was abandoned or has
timed out. Events leave through outbox.py, in order and outside of the lock, so that a target that calls
back cannot deadlock.

Where AWS's documents leave a choice, README.md beside this file names it.
"""
