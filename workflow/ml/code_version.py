"""The version of the job code: a hash of the sources, so that equal code has an equal version everywhere.

The packaging uploads the code to ``code/{version}/`` and writes the version into the manifest. The state
machine passes it to every job, and the job compares it with the code that it runs, because the code comes
from different places: from ``code/{version}/`` (preprocess and evaluate in every image), from
sourcedir.tar.gz (train in the prebuilt image), or out of the image itself (train in our own image).

Imports nothing but the standard library: the packaging runs where no library of the jobs is installed.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ml.errors import JobError

JOB_SCRIPTS = ("preprocess.py", "train.py", "evaluate.py", "inference.py", "drift.py")
PACKAGE = "ml"
VARIABLE = "CODE_VERSION"


class CodeVersionError(JobError):
    """The job runs other code than the manifest of its run names."""


def source_files(workflow: Path) -> dict[str, Path]:
    """What a job needs of workflow/: the scripts and the package beside them, by name and in its order."""
    paths = [workflow / name for name in JOB_SCRIPTS]
    paths += (workflow / PACKAGE).rglob("*.py")
    return dict(sorted((path.relative_to(workflow).as_posix(), path) for path in paths))


def code_version(workflow: Path) -> str:
    """The first 12 hex digits of a SHA-256 over the name, size and content of each file."""
    digest = hashlib.sha256()
    for name, path in source_files(workflow).items():
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def check_code_version(script: str) -> None:
    """Compare the code around a job script with CODE_VERSION; by hand the variable is not set."""
    expected = os.environ.get(VARIABLE, "")
    if not expected:
        return
    workflow = Path(script).resolve().parent
    found = code_version(workflow)
    if found != expected:
        raise CodeVersionError(
            f"The code in {workflow} has version {found}, expected {expected} ({VARIABLE}, the CodeVersion "
            "of the manifest). If ImageTag names an image of your own, build it from the sources that were "
            "uploaded; otherwise run deployment-scripts/upload-source-files.sh. Then start a new run."
        )
