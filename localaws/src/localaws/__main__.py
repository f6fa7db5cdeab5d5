"""``python -m localaws``, the same as the command ``localaws``."""

from __future__ import annotations

import sys

from localaws.cli import main

if __name__ == "__main__":
    sys.exit(main())
