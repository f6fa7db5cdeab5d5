"""The packages that Lambda's Python runtime contains, and no others.

localaws runs in an environment with pandas, scikit-learn and moto. A function whose package lacks a
dependency would find it there and fail on AWS. Its process therefore starts without site-packages
(``python -S``), with a folder of links to the packages of AWS's image.
"""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html: "the AWS SDK for Python (Boto3)" and its
# dependencies; the runtime client with its own.
PACKAGES = (
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "runtime_client",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot_restore_py",
    "urllib3",
)
_lock = threading.Lock()


def runtime_folder(place: Path) -> Path:
    """The folder of links, created below ``place`` on first use."""
    folder = place / "runtime"
    with _lock:
        if not folder.is_dir():
            partial = place / ".runtime-partial"
            partial.mkdir(parents=True, exist_ok=True)
            for name in PACKAGES:
                for source in _files(name):
                    link = partial / source.name
                    if not link.is_symlink():
                        link.symlink_to(source)
            partial.rename(folder)
    return folder


def _files(name: str) -> list[Path]:
    """The folder or file of a package, and its metadata."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return []
    if spec.submodule_search_locations:
        source = Path(next(iter(spec.submodule_search_locations)))
    else:
        source = Path(str(spec.origin))
    return [source, *source.parent.glob(f"{name}-*.dist-info")]
