"""Save a fitted Pipeline with everything that identifies it, and load it again (see ml.model.model_files)."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from ml.code_version import source_files
from ml.config.use_case import UseCase
from ml.hashes import file_sha256
from ml.model.lineage import library_versions
from ml.model.model_files import (
    ARCHIVE,
    CARD_FILE,
    CODE_FOLDER,
    MODEL_FILE,
    NOTHING_RECORDED,
    ModelRefusedError,
    Recorded,
    check_code,
    check_content,
    check_recorded,
    file_record,
    is_packed,
    parse_card,
    read_files,
)

FORMAT = 1


@dataclass(frozen=True)
class LoadedModel:
    pipeline: Any
    card: dict[str, Any]
    use_case: UseCase
    sha256: Recorded = NOTHING_RECORDED


def save_model(
    folder: Path, pipeline: Any, card: dict[str, Any], use_case: UseCase, workflow: Path
) -> dict[str, Any]:
    """Write the model's files; return the card with what identifies them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MODEL_FILE
    joblib.dump(pipeline, path, compress=("zlib", 3))
    whole = {
        "format": FORMAT,
        "use_case": use_case.document,
        "features": [
            {"name": column.name, "type": column.type, "expected": column.expected}
            for column in use_case.features
        ],
        **card,
        "model_file": file_record(MODEL_FILE, path.read_bytes()),
        "code_files": _save_code(folder / CODE_FOLDER, workflow),
    }
    (folder / CARD_FILE).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    return whole


def _save_code(folder: Path, workflow: Path) -> dict[str, str]:
    """Copy the serving code; return the sha256 of each file."""
    hashes = {}
    for name, source in source_files(workflow).items():
        if name == "inference.py" or name.startswith("ml/"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            hashes[f"{CODE_FOLDER}/{name}"] = file_sha256(target)
    return hashes


def load_model(folder: Path, recorded: Recorded = NOTHING_RECORDED) -> LoadedModel:
    """The model in `folder`: its files, or the model.tar.gz that a training job packed them into."""
    packed = is_packed(folder)
    archive = file_sha256(folder / ARCHIVE) if packed else ""
    check_recorded(ARCHIVE, archive, recorded.archive)
    content, card_text = read_files(folder, [MODEL_FILE, CARD_FILE])
    card = parse_card(card_text, recorded.card)
    if not packed:
        check_code(folder, card)
    try:
        in_card = card.document["model_file"]["sha256"]
        trained_with = card.document["lineage"]["libraries"]
    except (KeyError, TypeError) as error:
        raise ModelRefusedError(f"{CARD_FILE} is not what train writes: {error!r}.") from error
    check_content(MODEL_FILE, content, in_card)
    _check_libraries(trained_with)
    return LoadedModel(
        joblib.load(io.BytesIO(content)),
        card.document,
        card.use_case,
        Recorded(archive, card.sha256),
    )


def _check_libraries(trained_with: dict[str, str]) -> None:
    """scikit-learn promises nothing about a model loaded by another version, not even an error."""
    here = library_versions()["scikit-learn"]
    there = trained_with.get("scikit-learn", "unknown")
    if here.split(".")[:2] != there.split(".")[:2]:
        raise ModelRefusedError(
            f"The model was trained with scikit-learn {there}, this environment has {here}. "
            "Use the same image for training, evaluation and serving."
        )
