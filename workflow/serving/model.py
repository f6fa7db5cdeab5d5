"""The model that the server loads: its files in a folder, compared with what was registered."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.config.use_case import UseCase
from ml.model.model_files import CARD_FILE, check_code, parse_card, read_files

# The state machine sets it to the hash of the model.json that evaluate read.
RECORDED_CARD = "MODEL_CARD_SHA256"


@dataclass(frozen=True)
class ServedModel:
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


def open_model(folder: Path) -> ServedModel:
    """Read and check model.json and code/; raise ModelRefusedError when they are not what was registered.

    The predictor checks the file that it loads. The code is not run, since the image has its own, but an
    archive in which it was changed is not the one that was approved.
    """
    [content] = read_files(folder, [CARD_FILE])
    card = parse_card(content, os.environ.get(RECORDED_CARD, ""))
    check_code(folder, card)
    return ServedModel(folder, card.document, card.use_case)
