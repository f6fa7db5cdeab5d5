"""Endpoint configs and endpoints.

``configs`` and ``operations`` are the operations, ``record`` holds the state and the only place that
writes a status, ``rollout`` creates and switches fleets, ``fleet`` and ``instance`` are the serving
processes, ``directory`` is where the runtime service finds the fleet that has the traffic.
"""
