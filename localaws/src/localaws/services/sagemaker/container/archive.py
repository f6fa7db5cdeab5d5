"""tar.gz files: reproducible when they are made, and not trusted when they are unpacked."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from localaws.services.sagemaker.errors import RequestError

_MAX_MEMBERS = 100_000
_MAX_BYTES = 20 * 1024**3


def make_tar_gz(directory: Path, target: Path) -> None:
    """Pack the contents of ``directory``.

    The members are sorted and have no times and owners. Equal contents give an equal file, so that its hash
    identifies the model.
    """
    # Compression level 6 halves the time of 9 for models, at nearly the same size.
    with (
        target.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(directory.rglob("*")):
            info = tar.gettarinfo(path, arcname=str(path.relative_to(directory)))
            # A socket cannot be archived.
            if info is None:
                continue
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            info.pax_headers = {}
            info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
            if info.isreg():
                with path.open("rb") as file:
                    tar.addfile(info, file)
            elif info.isdir() or info.issym():
                tar.addfile(info)


def extract_tar_gz(source: Path, directory: Path, what: str) -> None:
    """Unpack into ``directory``. Nothing is written outside of it.

    Args:
        what: names the file in errors, e.g. its S3 URI.

    Raises:
        RequestError: not a tar.gz, a member that leaves the directory, or too many files or bytes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    total = 0
    try:
        with tarfile.open(source, "r:gz") as tar:
            for count, member in enumerate(tar, start=1):
                total += member.size
                if count > _MAX_MEMBERS or total > _MAX_BYTES:
                    raise RequestError(
                        f"{what} unpacks to more than {_MAX_MEMBERS} files or {_MAX_BYTES} bytes"
                    )
                tar.extract(member, directory, filter="data")
    except tarfile.FilterError as error:
        raise RequestError(f"{what} has a member that is not allowed: {error}") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise RequestError(f"{what} is not a readable tar.gz file: {error}") from error
