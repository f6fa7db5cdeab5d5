"""The Docker Registry HTTP API V2 at ``/v2/``, over the same images as the API of ECR.

``application`` checks the password and finds what a path addresses, ``blobs`` and ``manifests`` answer it,
``answers`` has the errors of the protocol. ``downloads`` makes the URLs of GetDownloadUrlForLayer.

https://distribution.github.io/distribution/spec/api/ and https://github.com/opencontainers/distribution-spec
"""
