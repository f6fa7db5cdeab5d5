"""The failure and message files of a container, and the FailureReason of an exit code."""

from __future__ import annotations

import contextlib
from pathlib import Path

from localaws.services.sagemaker.errors import RequestError

_LIMIT = 1024
# API reference: FailureReason of every Describe operation.
MAX_REASON = 1024


def failure_text(sandbox_file: Path) -> str:
    """The first 1024 characters of /opt/ml/output/failure, or nothing."""
    # A UTF-8 character has at most four bytes.
    raw = _read(sandbox_file, _LIMIT * 4)
    return _decode(raw, sandbox_file, cut=len(raw) == _LIMIT * 4)[:_LIMIT]


def message_text(sandbox_file: Path) -> str | None:
    """The first KB of /opt/ml/output/message, or None when the file is missing."""
    if not sandbox_file.is_file():
        return None
    raw = _read(sandbox_file, _LIMIT)
    return _decode(raw, sandbox_file, cut=len(raw) == _LIMIT)


def algorithm_reason(text: str, code: int) -> str:
    """``AlgorithmError: <text>, exit code: <n>``. A long text is cut, the exit code never."""
    start, end = "AlgorithmError: ", f", exit code: {code}"
    return f"{start}{text[: MAX_REASON - len(start) - len(end)]}{end}"


def _read(path: Path, limit: int) -> bytes:
    if path.is_symlink() or not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(limit)


def _decode(raw: bytes, path: Path, *, cut: bool) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # Only the cut can be in the middle of a character.
        if cut and error.end == len(raw) and error.start >= len(raw) - 3:
            with contextlib.suppress(UnicodeDecodeError):
                return raw[: error.start].decode("utf-8")
        raise RequestError(
            f"/opt/ml/output/{path.name} is not UTF-8 (byte {error.start}). Write it as UTF-8 text."
        ) from None
