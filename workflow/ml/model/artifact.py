"""The model's files: what train writes, evaluate checks and the endpoint serves.

model.joblib   the fitted scikit-learn Pipeline
model.json     the use case, settings, metrics, lineage and the sha256 of the files beside it
model.onnx     the same Pipeline for our own server, and model.tables.npz (see ml.export.onnx_export)
code/          inference.py and ml/, for the serving container

Loading a joblib file runs what is in it, so nothing is loaded whose sha256 is not recorded. model.json
records that of model.joblib, which finds a damaged file, but not an archive that was replaced as a whole.
So two more are kept outside of it, in the model registry, which the jobs cannot write to: evaluate reports
them for the model it measured, and the state machine stores them with the version.

archive  of model.tar.gz: checked before anything is read from it, when a version is compared as champion
card     of model.json, and through it of model.joblib: checked by the serving container

What this does not stop: an archive replaced before evaluate has seen it; and, in the prebuilt image only,
code in code/ of a replaced archive, which that image runs before any check. So only the jobs' role may write
to the workflow bucket.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from ml.config.use_case import UseCase, parse_use_case
from ml.errors import JobError
from ml.model.code_version import source_files
from ml.model.lineage import library_versions

MODEL_FILE = "model.joblib"
CARD_FILE = "model.json"
CODE_FOLDER = "code"
ARCHIVE = "model.tar.gz"
FORMAT = 1


class ModelRefusedError(JobError):
    """The model's files are not what train wrote, or do not fit this environment."""


@dataclass(frozen=True)
class Recorded:
    """The sha256 of a model's files, recorded elsewhere; empty where nothing was recorded."""

    archive: str = ""
    card: str = ""


@dataclass(frozen=True)
class LoadedModel:
    pipeline: Any
    card: dict[str, Any]
    use_case: UseCase
    sha256: Recorded = Recorded()


def save_model(
    folder: Path, pipeline: Any, card: dict[str, Any], use_case: UseCase, workflow: Path
) -> dict[str, Any]:
    """Write the model's files; return the card with what identifies them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MODEL_FILE
    joblib.dump(pipeline, path, compress=("zlib", 3))
    content = path.read_bytes()
    whole = {
        "format": FORMAT,
        "use_case": use_case.document,
        "features": [
            {"name": column.name, "type": column.type, "expected": column.expected}
            for column in use_case.features
        ],
        **card,
        "model_file": {
            "name": MODEL_FILE,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        },
    }
    (folder / CARD_FILE).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    code = folder / CODE_FOLDER
    for source in source_files(workflow):
        name = source.relative_to(workflow)
        if name.parts[0] in ("inference.py", "ml"):
            target = code / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return whole


def load_model(folder: Path, recorded: Recorded = Recorded()) -> LoadedModel:
    """The model in `folder`: its files, or the model.tar.gz that a training job packed them into."""
    archive = folder / ARCHIVE
    packed = archive.is_file() and not (folder / MODEL_FILE).is_file()
    found = Recorded(archive=_sha256(archive) if packed else "")
    _check(ARCHIVE, found.archive, recorded.archive)
    if packed:
        content, card_text = _read_archive(archive, [MODEL_FILE, CARD_FILE])
    else:
        try:
            content = (folder / MODEL_FILE).read_bytes()
            card_text = (folder / CARD_FILE).read_bytes()
        except OSError as error:
            raise ModelRefusedError(
                f"{folder} holds no model: {error.strerror} ({error.filename}). Expected "
                f"{MODEL_FILE} and {CARD_FILE}, or {ARCHIVE} with both."
            ) from error
    found = Recorded(found.archive, hashlib.sha256(card_text).hexdigest())
    _check(CARD_FILE, found.card, recorded.card)
    try:
        card: dict[str, Any] = json.loads(card_text)
        in_card = card["model_file"]["sha256"]
        trained_with = card["lineage"]["libraries"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelRefusedError(f"{CARD_FILE} is not what train writes: {error!r}.") from error
    of_file = hashlib.sha256(content).hexdigest()
    if of_file != in_card:
        raise ModelRefusedError(
            f"{MODEL_FILE} is not the file that train wrote: found sha256 {of_file}, {CARD_FILE} "
            f"records {in_card}. Train again, or restore the model's files."
        )
    _check_libraries(trained_with)
    use_case = parse_use_case(card["use_case"])
    return LoadedModel(joblib.load(io.BytesIO(content)), card, use_case, found)


def _check(name: str, found: str, expected: str) -> None:
    if expected and found != expected:
        raise ModelRefusedError(
            f"{name} is not the one that was registered: found {found or 'no such file'}, the model "
            f"registry has sha256 {expected}. Restore the file, or train and register again."
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def read_recorded(folder: Path, recorded: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Other files of the model, from the same place; refused when model.json records another hash."""
    names = [file["name"] for file in recorded]
    if (folder / MODEL_FILE).is_file():
        contents = [(folder / name).read_bytes() for name in names]
    else:
        contents = _read_archive(folder / ARCHIVE, names)
    for file, content in zip(recorded, contents, strict=True):
        found = hashlib.sha256(content).hexdigest()
        if found != file["sha256"]:
            raise ModelRefusedError(
                f"{file['name']} is not the file that train wrote: found sha256 {found}, {CARD_FILE} "
                f"records {file['sha256']}. Train again, or restore the model's files."
            )
    return contents


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


def _check_libraries(trained_with: dict[str, str]) -> None:
    """scikit-learn promises nothing about a model loaded by another version, not even an error."""
    here = library_versions()["scikit-learn"]
    there = trained_with.get("scikit-learn", "unknown")
    if here.split(".")[:2] != there.split(".")[:2]:
        raise ModelRefusedError(
            f"The model was trained with scikit-learn {there}, this environment has {here}. "
            "Use the same image for training, evaluation and serving."
        )
