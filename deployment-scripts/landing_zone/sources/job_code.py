"""The files of the job code and its version, both as the job code itself defines them.

The version is in every model that a job trains, so the function that computes it is part of the job code.
"""

from __future__ import annotations

import sys

from landing_zone.core.settings import ROOT

sys.path.append(str(ROOT / "workflow"))

from ml.model.code_version import code_version, source_files

__all__ = ["code_version", "source_files"]
