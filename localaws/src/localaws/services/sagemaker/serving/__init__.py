"""Serving containers, of endpoints and of transform jobs.

``plan`` says what is served, ``model_data`` and ``downloads`` get the files, ``container`` runs the process,
``http`` sends requests to it.
"""
