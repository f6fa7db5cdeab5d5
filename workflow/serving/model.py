"""The model's files, checked against what train recorded before anything of them is loaded."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.config.use_case import UseCase, parse_use_case
from ml.errors import JobError

CARD_FILE = "model.json"


class ModelFilesError(JobError):
    """The model directory does not hold a model that can be served."""


@dataclass(frozen=True)
class ModelFiles:
    folder: Path
    card: dict[str, Any]
    use_case: UseCase

    @property
    def serving(self) -> dict[str, Any]:
        """What the export recorded; a model of the prebuilt image's training has no such section."""
        default = {
            "runtime": "scikit-learn",
            "reason": "trained where the export to ONNX is not available",
        }
        section: dict[str, Any] = self.card.get("serving") or default
        return section


def open_model(folder: Path) -> ModelFiles:
    """Read model.json; raise ModelFilesError when the folder holds no model, or not the recorded one."""
    try:
        content = (folder / CARD_FILE).read_bytes()
        _check_recorded(folder, content)
        card = json.loads(content)
        use_case = parse_use_case(card["use_case"])
    except OSError as error:
        raise ModelFilesError(
            f"{folder} holds no model: {error.strerror} ({error.filename}). Expected {CARD_FILE} and the "
            "files that train wrote beside it (the unpacked model.tar.gz)."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFilesError(
            f"{folder / CARD_FILE} is not what train writes: {error!r}."
        ) from error
    return ModelFiles(folder, card, use_case)


def _check_recorded(folder: Path, content: bytes) -> None:
    # The state machine sets what evaluate saw; model.json records the hashes of the files beside it.
    recorded = os.environ.get("MODEL_CARD_SHA256", "")
    found = hashlib.sha256(content).hexdigest()
    if recorded and found != recorded:
        raise ModelFilesError(
            f"{folder / CARD_FILE} is not the one that was evaluated: found sha256 {found}, expected "
            f"{recorded} (MODEL_CARD_SHA256). Deploy the registered model again."
        )


def read_recorded(folder: Path, recorded: dict[str, Any]) -> bytes:
    """The content of a file that model.json records; raise ModelFilesError when it is another."""
    path = folder / Path(recorded["name"]).name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFilesError(
            f"{path} cannot be read: {error.strerror}; {CARD_FILE} records it."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != recorded["sha256"]:
        raise ModelFilesError(
            f"{path} is not the file that train wrote: found sha256 {found}, {CARD_FILE} records "
            f"{recorded['sha256']}. Train again, or restore the model's files."
        )
    return content
