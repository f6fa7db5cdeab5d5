"""One step of the delivery, in an environment that has what it needs; --help says more."""

import sys

from landing_zone.core.cli import start
from landing_zone.core.settings import ROOT
from landing_zone.delivery.environment import use_environment

if __name__ == "__main__":
    if not {"--help", "-h"} & set(sys.argv):
        use_environment(ROOT, sys.argv[1:])
    start(__file__)
