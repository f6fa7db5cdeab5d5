"""The model's files: what train writes, evaluate checks and the endpoint serves.

model.joblib   the fitted scikit-learn Pipeline
model.json     the use case, settings, metrics, lineage and the sha256 of model.joblib
code/          inference.py and ml/, for the serving container
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from ml.code_version import source_files
from ml.errors import JobError
from ml.lineage import library_versions
from ml.use_case import UseCase, parse_use_case

MODEL_FILE = "model.joblib"
CARD_FILE = "model.json"
CODE_FOLDER = "code"
FORMAT = 1


class ModelRefusedError(JobError):
    """The model's files are not what train wrote, or do not fit this environment."""


@dataclass(frozen=True)
class LoadedModel:
    pipeline: Any
    card: dict[str, Any]
    use_case: UseCase


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
        if source.name == "inference.py" or source.parent.name == "ml":
            target = code / source.relative_to(workflow)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return whole


def load_model(folder: Path) -> LoadedModel:
    """The model in `folder`: its files, or the model.tar.gz that a training job packed them into."""
    archive = folder / "model.tar.gz"
    if archive.is_file() and not (folder / MODEL_FILE).is_file():
        content, card_text = _read_archive(archive)
    else:
        try:
            content = (folder / MODEL_FILE).read_bytes()
            card_text = (folder / CARD_FILE).read_bytes()
        except OSError as error:
            raise ModelRefusedError(
                f"{folder} holds no model: {error.strerror} ({error.filename}). Expected "
                f"{MODEL_FILE} and {CARD_FILE}, or model.tar.gz with both."
            ) from error
    try:
        card: dict[str, Any] = json.loads(card_text)
        recorded = card["model_file"]["sha256"]
        trained_with = card["lineage"]["libraries"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelRefusedError(f"{CARD_FILE} is not what train writes: {error!r}.") from error
    # A joblib file runs code when it is loaded, so nothing but the file that train recorded is loaded.
    found = hashlib.sha256(content).hexdigest()
    if found != recorded:
        raise ModelRefusedError(
            f"{MODEL_FILE} is not the file that train wrote: found sha256 {found}, {CARD_FILE} "
            f"records {recorded}. Train again, or restore the model's files."
        )
    _check_libraries(trained_with)
    return LoadedModel(joblib.load(io.BytesIO(content)), card, parse_use_case(card["use_case"]))


def _read_archive(archive: Path) -> tuple[bytes, bytes]:
    """The two files out of model.tar.gz. Nothing is extracted, so no path in it can do harm."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                file = tar.extractfile(member) if member.isfile() else None
                if file is not None and name in (MODEL_FILE, CARD_FILE):
                    found[name] = file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ModelRefusedError(f"{archive} cannot be read: {error}. Train again.") from error
    missing = [name for name in (MODEL_FILE, CARD_FILE) if name not in found]
    if missing:
        raise ModelRefusedError(f"{archive} lacks {' and '.join(missing)}, which train writes.")
    return found[MODEL_FILE], found[CARD_FILE]


def _check_libraries(trained_with: dict[str, str]) -> None:
    """scikit-learn promises nothing about a model loaded by another version, not even an error."""
    here = library_versions()["scikit-learn"]
    there = trained_with.get("scikit-learn", "unknown")
    if here.split(".")[:2] != there.split(".")[:2]:
        raise ModelRefusedError(
            f"The model was trained with scikit-learn {there}, this environment has {here}. "
            "Use the same image for training, evaluation and serving."
        )
