"""Serving containers, of endpoints and of transform jobs.

``plan`` says what is served, ``files``, ``model_data`` and ``downloads`` get the files, ``container`` runs
the process, ``supervised`` starts it again, ``chain`` sends a request through several of them, ``http`` to
one.
"""
