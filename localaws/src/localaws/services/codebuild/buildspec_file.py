"""Finds the build specification of a build: inline, in the source, or in S3."""

from __future__ import annotations

import os
from typing import Any, Final

from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.machine import ROOT, Directories

_INLINE: Final = f"{ROOT}/readonly/buildspec.yml"
_S3_ARN: Final = "arn:aws:s3:::"


def read(given: str, source: str, directories: Directories, s3: Any) -> tuple[str, str]:
    """Where the build specification is, and its text.

    Args:
        given: the text of the project or of StartBuild: YAML, a path in the source, or an ARN of S3.
        source: the directory of the primary source, as the build sees it.
        directories: those of the build.
        s3: a client with the service role.

    Raises:
        PhaseError: YAML_FILE_ERROR.
    """
    given = given.strip()
    if "\n" in given or given.startswith(("version:", "{")):
        path = directories.host(_INLINE)
        assert path
        path.write_text(given + "\n")
        return _INLINE, given
    if given.startswith(_S3_ARN):
        bucket, _, key = given.removeprefix(_S3_ARN).partition("/")
        try:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
        except Exception as error:
            raise _error(f"{given}: {error}") from error
        return given, body.read().decode()
    location = os.path.normpath(os.path.join(source, given or "buildspec.yml"))  # noqa: PTH118
    path, top = directories.host(location), directories.host(source)
    if path is None or top is None or not path.resolve().is_relative_to(top.resolve()):
        raise _error(f"stat {location}: it is outside of the source")
    if not path.is_file():
        missing = f"stat {location}: no such file or directory"
        raise _error(missing if given else "YAML file does not exist")
    return location, path.read_text(errors="replace")


def _error(message: str) -> PhaseError:
    return PhaseError("YAML_FILE_ERROR", message)
