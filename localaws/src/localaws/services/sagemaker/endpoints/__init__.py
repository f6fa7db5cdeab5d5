"""Endpoint configs and endpoints.

``configs`` and ``endpoints`` have the operations, ``record`` the state and ``status`` its transitions.
``rollout`` creates fleets and moves the traffic between them, ``fleet`` and ``instance`` are the serving
containers, and ``routes`` tells the runtime service which fleet has the traffic.
"""
