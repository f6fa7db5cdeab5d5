"""``python -m localaws.services.ecr.docker``."""

import sys

from localaws.services.ecr.docker.cli import main

sys.exit(main())
