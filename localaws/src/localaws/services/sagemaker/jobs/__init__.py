"""Processing, training and transform jobs.

``record`` holds the state and the only place that writes a status, ``engine`` runs a thread per job,
``processing``, ``training`` and ``transform`` are the operations (they decide), ``*_run`` do the work.
"""
