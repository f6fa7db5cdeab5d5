"""Data capture: the requests and answers of an endpoint as files in S3.

``settings`` is a DataCaptureConfig, ``lines`` is the format of a captured request, and ``writer`` collects
captured requests and writes the files.
"""
