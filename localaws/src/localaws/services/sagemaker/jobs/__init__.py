"""Processing, training and transform jobs.

``processing``, ``training`` and ``transform`` have the operations, the ``*_check`` modules refuse what is
wrong or not emulated, the ``*_run`` modules do the work. ``collection`` is what the three kinds share,
``runner`` runs one thread per job, ``record`` holds the state of a job and ``status`` its transitions.
"""
