"""The files of a model, their hashes, and the checks before anything of them is loaded or run.

model.joblib   the fitted scikit-learn Pipeline
model.json     the use case, settings, metrics, lineage and the sha256 of every other file
model.onnx     the same Pipeline for our own server, and model.tables.npz (see ml.export.onnx_export)
code/          inference.py and ml/, for the serving container

Loading a joblib file runs what is in it, so nothing is loaded whose sha256 is not recorded. The hashes in
model.json find a damaged file, but not an archive that was replaced as a whole. So evaluate reports two more,
and the state machine stores them where the jobs cannot write: with the version in the model registry.

archive  of model.tar.gz. update_schema compares it before it approves the version; evaluate, before it opens
         the archive of a champion; localaws, before it unpacks an archive (MODEL_SHA256).
card     of model.json, and through it of every other file. Our server and the model_fn of inference.py
         compare it before they load the model (MODEL_CARD_SHA256).

What this does not stop: an archive that was replaced before evaluate has read it; and, on AWS in the prebuilt
image only, one that is replaced while an endpoint runs. That image runs code/inference.py before any check of
ours, and SageMaker fetches the archive again when it replaces an instance. So only the jobs' role may write
to the workflow bucket.

Used by the server too, so it imports neither pandas nor scikit-learn.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.config.use_case import UseCase, parse_use_case
from ml.errors import JobError
from ml.hashes import sha256_of

MODEL_FILE = "model.joblib"
CARD_FILE = "model.json"
CODE_FOLDER = "code"
ARCHIVE = "model.tar.gz"


class ModelRefusedError(JobError):
    """The model's files are not what train wrote, or do not fit this environment."""


@dataclass(frozen=True)
class Recorded:
    """The sha256 of a model's files, recorded elsewhere; empty where nothing was recorded."""

    archive: str = ""
    card: str = ""


NOTHING_RECORDED = Recorded()


@dataclass(frozen=True)
class ModelCard:
    """model.json, and the use case in it."""

    document: dict[str, Any]
    use_case: UseCase
    sha256: str


def file_record(name: str, content: bytes) -> dict[str, Any]:
    """What model.json records of a file beside it."""
    return {"name": name, "sha256": sha256_of(content), "size": len(content)}


def read_files(folder: Path, names: Sequence[str]) -> list[bytes]:
    """Files of the model in `folder`, where they lie as they are or packed into model.tar.gz."""
    if is_packed(folder):
        return _read_archive(folder / ARCHIVE, names)
    try:
        return [(folder / name).read_bytes() for name in names]
    except OSError as error:
        raise ModelRefusedError(
            f"{folder} holds no model: {error.strerror} ({error.filename}). Expected {CARD_FILE} and the "
            f"files that train wrote beside it, or {ARCHIVE} with all of them."
        ) from error


def is_packed(folder: Path) -> bool:
    """Whether the model is still in the archive that the training job packed it into."""
    return (folder / ARCHIVE).is_file() and not (folder / MODEL_FILE).is_file()


def parse_card(content: bytes, recorded: str = "") -> ModelCard:
    """model.json; raise ModelRefusedError when `recorded` is another hash, or train did not write it."""
    found = sha256_of(content)
    check_recorded(CARD_FILE, found, recorded)
    try:
        document = json.loads(content)
        use_case = parse_use_case(document["use_case"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelRefusedError(f"{CARD_FILE} is not what train writes: {error!r}.") from error
    return ModelCard(document, use_case, found)


def check_recorded(name: str, found: str, expected: str) -> None:
    """Compare with the hash in the model registry, when there is one."""
    if expected and found != expected:
        raise ModelRefusedError(
            f"{name} is not the one that was registered: found {found or 'no such file'}, the model "
            f"registry has sha256 {expected}. Restore the file, or train and register again."
        )


def read_recorded(folder: Path, recorded: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Files that model.json records, refused when one has another hash."""
    hashes = {file["name"]: file["sha256"] for file in recorded}
    contents = read_files(folder, list(hashes))
    for (name, expected), content in zip(hashes.items(), contents, strict=True):
        check_content(name, content, expected)
    return contents


def check_content(name: str, content: bytes, expected: str) -> None:
    found = sha256_of(content)
    if found != expected:
        raise ModelRefusedError(
            f"{name} is not the file that train wrote: found sha256 {found}, {CARD_FILE} "
            f"records {expected}. Train again, or restore the model's files."
        )


def check_code(folder: Path, card: ModelCard) -> None:
    """Compare code/ of an unpacked model with what train put there. A file that is gone cannot be run."""
    hashes: dict[str, str] = card.document.get("code_files", {})
    present = [name for name in hashes if (folder / name).is_file()]
    read_recorded(folder, [{"name": name, "sha256": hashes[name]} for name in present])


def _read_archive(archive: Path, names: Sequence[str]) -> list[bytes]:
    """Files out of model.tar.gz. Nothing is extracted, so no path in it can do harm."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                file = tar.extractfile(member) if member.isfile() else None
                if file is not None and name in names:
                    found[name] = file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ModelRefusedError(f"{archive} cannot be read: {error}. Train again.") from error
    missing = [name for name in names if name not in found]
    if missing:
        raise ModelRefusedError(f"{archive} lacks {' and '.join(missing)}, which train writes.")
    return [found[name] for name in names]
