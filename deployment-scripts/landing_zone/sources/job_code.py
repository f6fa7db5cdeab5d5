"""The files of the job code and its version, both as the job code itself defines them.

A job compares the version with the code that it runs, so the job code has the function that computes it.
"""

from __future__ import annotations

import sys

from landing_zone.core.settings import ROOT

sys.path.append(str(ROOT / "workflow"))

# Found by the line above.
from ml.code_version import code_version, source_files

__all__ = ["code_version", "source_files"]
