"""CSV files for a run: uploads them to where the run reads them, and lists what is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.s3 import list_objects, split_folder


def csv_files(path: Path) -> list[Path]:
    """The file, or every CSV file in the folder."""
    if not path.exists():
        raise OperatorError(f"{path} does not exist; name a CSV file or a folder of CSV files")
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise OperatorError(f"{path} holds no .csv file")
    return files


def upload_inputs(s3: Any, location: str, files: Sequence[Path]) -> list[str]:
    """Upload the files and delete all others: a file that was refused must not be read again."""
    bucket, prefix = split_folder(location)
    wanted = {f"{prefix}{path.name}": path for path in files}
    if len(wanted) < len(files):
        raise OperatorError(f"two files have the same name among {', '.join(map(str, files))}")
    for key, path in wanted.items():
        s3.upload_file(str(path), bucket, key)
    for key, _ in _files_in(s3, bucket, prefix):
        if key not in wanted:
            # The bucket is versioned, so this can be undone.
            s3.delete_object(Bucket=bucket, Key=key)
    return [f"s3://{bucket}/{key}" for key in wanted]


def list_inputs(s3: Any, location: str) -> str:
    """The files in the folder with their sizes, a line for each."""
    bucket, prefix = split_folder(location)
    found = _files_in(s3, bucket, prefix)
    if not found:
        return f"data      nothing in s3://{bucket}/{prefix} yet: upload a CSV file first"
    return "\n".join(f"data      s3://{bucket}/{key}  {size:,} bytes" for key, size in found)


def _files_in(s3: Any, bucket: str, prefix: str) -> list[tuple[str, int]]:
    """Key and size of the files directly in a folder; a folder marker is an object without bytes."""
    found = list_objects(s3, bucket, prefix, Delimiter="/")
    return [(key, size) for key, size in found if size]
