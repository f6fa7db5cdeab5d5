"""The files of the job code and its version, both as the job code itself defines them.

The version is in every model that a job trains, so the function that computes it is part of the job code.
"""

from __future__ import annotations

import sys
from pathlib import Path

from landing_zone.core.settings import ROOT

sys.path.append(str(ROOT / "workflow"))

# Found by the line above.
from ml.model import code_version as _job_code

code_version = _job_code.code_version


def source_files(workflow: Path) -> dict[str, Path]:
    """The files of the job code by their name below workflow/."""
    return {
        path.relative_to(workflow).as_posix(): path for path in _job_code.source_files(workflow)
    }
