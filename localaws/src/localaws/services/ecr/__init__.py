"""ECR on localaws: images can be pushed, pulled and run.

The parts, and what each may touch::

    provider.py       the operations of the API; what only keeps records of repositories is moto's
    repositories.py   moto's records of the repositories: whether one exists, its settings
    image_store.py    the images of each repository: manifests and tags
    blob_store.py     layers and configurations as files, and uploads that are under way
    manifests.py      what a manifest says
    lifecycle.py      which images a lifecycle policy expires
    tokens.py         the password that GetAuthorizationToken returns and the registry checks
    registry/         the Docker Registry HTTP API V2 at /v2/, for docker, buildah, skopeo and others
    pushed_images.py  what other services use: the image of a URI, with its configuration and layers
    containers/       unpacks the layers of an image and runs a command in it
    docker/           the program ``docker`` for builds on this machine

The blobs are files below the scratch directory of the service, so they are gone when the server stops. A
layer that several repositories have is stored once.
"""
