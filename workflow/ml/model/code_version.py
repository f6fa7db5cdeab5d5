"""The version of the job code: a hash of the sources, so that equal code has an equal version everywhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

SCRIPTS = ("preprocess.py", "train.py", "evaluate.py", "inference.py")


def source_files(workflow: Path) -> list[Path]:
    """What a job needs from workflow/: the scripts and the package beside them, in a fixed order."""
    return [workflow / name for name in SCRIPTS] + sorted((workflow / "ml").rglob("*.py"))


def code_version(workflow: Path) -> str:
    """The first 12 hex digits of a sha256 over each file's relative path and content."""
    digest = hashlib.sha256()
    for path in source_files(workflow):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(workflow).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
