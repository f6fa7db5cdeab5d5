"""Models from a file: on this machine, and in S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.answers import AppError
from app.model_file import ModelFile, open_model
from app.settings import read_settings
from app.source import find_labels, find_model
from ml.hashes import file_sha256
from tests.unit.app.fakes import FakeAws, FakeS3

URI = "s3://models/run/model.tar.gz"
PRAISE = "A wonderful film, and the actors are great. Go and enjoy it."


def test_a_file_and_the_folder_with_its_content_predict_the_same(archive: Path) -> None:
    packed, unpacked = open_model(archive), open_model(archive.parent / "model")

    assert packed.predict(PRAISE) == unpacked.predict(PRAISE)
    found = packed.predict(PRAISE)
    assert (found.label, found.variant, found.inference_id) == ("1", "", "")
    assert 0.5 < (found.probability or 0) <= 1
    assert packed.describe().allowed == "a text of 3 to 5000 characters"
    assert packed.describe().version.startswith("reviews ")


def test_a_text_that_is_too_long_is_refused_in_words(archive: Path) -> None:
    with pytest.raises(AppError, match=r"It has 6,000 characters; allowed: a text of 3 to 5000"):
        open_model(archive).predict("a" * 6000)


@pytest.mark.parametrize("name", ["missing", "model/model.json"])
def test_what_is_no_model_is_refused(archive: Path, name: str) -> None:
    with pytest.raises(AppError, match=r"APP_MODEL is .*allowed: a file model.tar.gz, or a folder"):
        open_model(archive.parent / name)


def test_a_model_of_another_use_case_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")

    with pytest.raises(AppError, match="cannot be used"):
        open_model(tmp_path)


def in_s3(archive: Path, sha256: str) -> tuple[FakeAws, dict[str, str]]:
    aws = FakeAws()
    aws.clients["s3"].objects["models", "run/model.tar.gz"] = archive.read_bytes()
    return aws, {"APP_MODEL": URI, "APP_MODEL_SHA256": sha256}


def test_a_model_in_s3_is_opened_when_its_hash_is_right(archive: Path) -> None:
    aws, environment = in_s3(archive, file_sha256(archive))
    settings = read_settings(environment)

    model = find_model(settings, aws)

    assert isinstance(model, ModelFile)
    assert model.predict(PRAISE).label == "1"
    # Nobody captures what it answers, so there is nothing to join a label with.
    assert find_labels(settings, aws) is None


def test_a_model_with_another_hash_is_not_opened(archive: Path) -> None:
    aws, environment = in_s3(archive, "0" * 64)

    with pytest.raises(AppError, match=r"model.tar.gz is not the one that was registered"):
        find_model(read_settings(environment), aws)


@pytest.mark.parametrize(("code", "said"), [("404", "does not exist"), ("403", "says 403")])
def test_a_refusal_of_s3_is_said(code: str, said: str) -> None:
    aws = FakeAws()
    aws.clients["s3"] = FakeS3(code)
    settings = read_settings({"APP_MODEL": URI, "APP_MODEL_SHA256": "0" * 64})

    with pytest.raises(AppError, match=f"{URI} {said}"):
        find_model(settings, aws)
