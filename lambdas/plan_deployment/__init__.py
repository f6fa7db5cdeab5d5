"""plan_deployment: the next step from the endpoint as it is to the endpoint as the model registry wants it.

The state machine `deploy` calls this function, does the one step that it names, and calls it again until
there is nothing left to do. The function changes nothing itself: it reads the registry, the endpoint and the
settings of the version, and decides. So a step may be lost, repeated, or done by another execution at the
same time.

handler   the Lambda entry: clients and settings
settings  the environment, read once
order     the input of the state machine, and what an execution remembers from one call to the next
target    the endpoint that a version should have: its models, its configuration, its scaling
world     the endpoint, its scaling and its alarms as they are
rollout   how an update moves the traffic, and the alarms that take it back
steps     the decision; pure
service   the order of all this
"""
