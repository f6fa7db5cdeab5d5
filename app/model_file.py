"""A model from a file: on this machine, or in S3."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from app.answers import AppError, ModelFacts, Sentiment
from landing_zone.core.aws import error_code
from ml.errors import JobError
from ml.inference.answers import respond
from ml.model.artifact import LoadedModel, load_model
from ml.model.model_files import ARCHIVE, Recorded

_JSON = "application/json"


class ModelFile:
    """Predicts in this process with the Pipeline of scikit-learn, by the rules of the serving container."""

    def __init__(self, model: LoadedModel) -> None:
        features = model.use_case.features
        if [column.type for column in features] != ["text"]:
            found = ", ".join(f"{column.name} ({column.type})" for column in features)
            raise AppError(
                f"The model has the features {found}. The app needs one with a single feature of type "
                "text: look at APP_MODEL."
            )
        self._model = model
        [self._feature] = features

    @property
    def version(self) -> str:
        """A file does not know its version in the registry; the hash of its model.json identifies it."""
        return f"{self._model.use_case.name} {self._model.sha256.card[:12]}"

    def describe(self) -> ModelFacts:
        return ModelFacts(self.version, self._feature.expected)

    def predict(self, text: str) -> Sentiment:
        body = json.dumps({"instances": [[text]]})
        try:
            _, answer = respond(self._model, body, _JSON, _JSON)
        except JobError as error:
            raise AppError(
                f"The model cannot read this text. It has {len(text.strip()):,} characters; allowed: "
                f"{self._feature.expected}."
            ) from error
        return Sentiment.read(json.loads(answer)["predictions"][0], self.version)


def open_model(path: Path, sha256: str = "") -> ModelFile:
    """The model in a folder, or in a file model.tar.gz."""
    folder = path.parent if path.is_file() else path
    if not path.exists() or (path.is_file() and path.name != ARCHIVE):
        raise AppError(
            f"APP_MODEL is {str(path)!r}; allowed: a file {ARCHIVE}, or a folder with its files. A training "
            "job writes it."
        )
    try:
        return ModelFile(load_model(folder, Recorded(archive=sha256)))
    except (JobError, OSError) as error:
        raise AppError(f"The model in {path} cannot be used: {error}") from error


def open_model_in_s3(s3: Any, uri: str, sha256: str) -> ModelFile:
    """Download model.tar.gz, compare its hash, and only then open it."""
    place = urlsplit(uri)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ARCHIVE
        try:
            s3.download_file(place.netloc, place.path.lstrip("/"), str(path))
        except ClientError as error:
            code = error_code(error)
            why = (
                "does not exist" if code in {"404", "NoSuchKey", "NoSuchBucket"} else f"says {code}"
            )
            raise AppError(
                f"{uri} {why}. Look at APP_MODEL and the permissions of the app."
            ) from error
        except BotoCoreError as error:
            raise AppError(f"S3 does not answer: {uri} cannot be read now.") from error
        return open_model(path, sha256)
