"""A job package: a zip with CSV files and, optionally, job.json with values of the manifest.

Nothing is unpacked to a disk. Every member is named in a list of what is allowed, and read in memory up to a
limit, since the sizes in the headers of a zip may lie.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from dataclasses import dataclass
from typing import Any

from common.artifacts import UNREADABLE
from common.errors import InputError

# The values of the manifest that a job may set; the use case is the folder of the upload.
JOB_KEYS = (
    "EndpointType",
    "ImageTag",
    "InstanceType",
    "EndpointInstanceType",
    "EndpointInstanceCount",
    "MetricThreshold",
    "TrainingHyperParameters",
)
JOB = "job.json"
_DATA = re.compile(r"(?:data/)?([A-Za-z0-9][A-Za-z0-9_-]{0,99}\.csv)")
# The function has 512 MB of memory. A larger data set is uploaded as a CSV file, which S3 copies.
MAX_ZIP_BYTES = 50_000_000
MAX_BYTES = 150_000_000
MAX_MEMBERS = 50


@dataclass(frozen=True)
class JobPackage:
    """The data files by name, and the values of the manifest."""

    data: dict[str, bytes]
    values: dict[str, Any]


def read_package(body: bytes) -> JobPackage:
    """Raise InputError with everything that is wrong with the zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            problems = _problems(members)
            if problems:
                raise InputError(f"the zip is refused: {'; '.join(problems)}")
            content = _read(archive, members)
    except (*UNREADABLE, UnicodeDecodeError) as error:
        raise InputError(
            f"the zip cannot be read: {error}. Make it again with deployment-scripts/job_package.py"
        ) from error
    values = _values(content.pop(JOB, b"{}"))
    return JobPackage({name.rpartition("/")[2]: found for name, found in content.items()}, values)


def _problems(members: list[zipfile.ZipInfo]) -> list[str]:
    if len(members) > MAX_MEMBERS:
        return [f"it has {len(members)} files; allowed: {MAX_MEMBERS}"]
    problems = []
    names: set[str] = set()
    for info in members:
        mode = info.external_attr >> 16
        data = _DATA.fullmatch(info.filename)
        if info.filename != JOB and not data:
            problems.append(
                f"{info.filename[:100]!r} is not allowed; allowed: {JOB}, NAME.csv, data/NAME.csv"
            )
        elif mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            problems.append(f"{info.filename!r} is a link or a device; allowed: files")
        elif info.flag_bits & 1:
            problems.append(f"{info.filename!r} has a password")
        name = data[1] if data else info.filename
        if name in names:
            problems.append(f"{name!r} is there twice")
        names.add(name)
    if not names - {JOB}:
        problems.append("it has no CSV file")
    return problems


def _read(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    left = MAX_BYTES
    content = {}
    for info in members:
        with archive.open(info) as member:
            found = member.read(left + 1)
        left -= len(found)
        if left < 0:
            raise InputError(
                f"the zip is refused: it has more than {MAX_BYTES:,} bytes unzipped. Upload the data as a "
                "CSV file of its own"
            )
        content[info.filename] = found
    return content


def _values(text: bytes) -> dict[str, Any]:
    try:
        values = json.loads(text.decode("utf-8-sig"))
    except ValueError as error:
        raise InputError(f"{JOB} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputError(f"{JOB} holds a {type(values).__name__}; expected an object")
    unknown = sorted(set(values) - set(JOB_KEYS))
    if unknown:
        raise InputError(
            f"{JOB}: found {', '.join(unknown)}; allowed: {', '.join(JOB_KEYS)}. The use case is the folder "
            "of the upload"
        )
    # People write hyperparameters as an object; the manifest holds them as text.
    if isinstance(values.get("TrainingHyperParameters"), dict):
        values["TrainingHyperParameters"] = json.dumps(values["TrainingHyperParameters"])
    return values
