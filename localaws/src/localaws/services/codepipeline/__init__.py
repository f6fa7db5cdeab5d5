"""CodePipeline, really running: stages, actions, artifacts, approvals, retries, modes and events.

A request takes this way::

    provider.py       AWS's verbs: look up, check, call the engine, render; no decisions of its own
    definitions.py    create / update / delete / tag: what happens to a pipeline's definition
    validation.py     refuses a structure that AWS refuses (action_types.py: the providers that run here)
    declaration.py    the definition as frozen dataclasses

and a run takes this one::

    engine.py         commands on executions: start, finish an action, stop, retry, roll back. One lock.
    flow.py           decides what happens next: who enters a stage, which actions start, who is superseded
    statuses.py       the transition tables; the only place that writes a status, and that publishes it
    runner.py         effects: one thread for each running action, handlers in actions/
    models.py         the state, plain dataclasses
    views.py          the state in the shape of the API's answers; history.py its pages

flow.py and statuses.py never block and call no other service: with a fake launcher they can be driven
action by action, which is how the execution modes are tested. A handler in actions/ never writes state: it
returns an Outcome or raises ActionFailedError, and the engine takes it or (the action was abandoned, or timed
out) drops it. Events leave through outbox.py, in order and outside of the lock, so that a target that calls
back cannot deadlock.

Where AWS's documents leave a choice, README.md beside this file names it.
"""
