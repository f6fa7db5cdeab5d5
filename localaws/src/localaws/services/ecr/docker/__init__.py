"""The program ``docker`` for builds on this machine: ``python -m localaws.services.ecr.docker``.

It takes the commands of Docker's client that builds and pushes need. The work is done by the machine's own
Docker daemon if one answers, else by buildah. Names of images in ECR are mapped to the registry of the
localaws that ``AWS_ENDPOINT_URL`` names; AWS itself is never asked.

``cli`` reads the arguments, ``engine`` chooses who does the work, ``daemon`` and ``buildah`` do it. ``names``
maps names, ``credentials`` keeps what ``docker login`` was given, ``dockerfile`` finds the base images,
``stand_in`` makes one where no registry can be reached.
"""
