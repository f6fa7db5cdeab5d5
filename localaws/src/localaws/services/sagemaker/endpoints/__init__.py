"""Endpoint configs and endpoints.

``configs`` and ``endpoints`` have the operations, ``config_check`` and ``update_check`` what they refuse,
``record`` the state and ``status`` its transitions. ``plan`` says what a fleet starts. ``rollout`` creates
fleets, ``update`` moves the traffic between them, and ``scaling`` changes a running one. ``fleet`` and
``instance`` are the serving containers, ``serverless`` decides when those of a serverless variant run.
``routes`` tells the runtime service which fleet has the traffic, ``asynchronous`` what it has to do with the
answers, and ``sampler`` measures.
"""
