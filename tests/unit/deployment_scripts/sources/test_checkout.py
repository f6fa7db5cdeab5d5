from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT, load_settings
from landing_zone.sources.checkout import (
    built_code,
    git_commit,
    manifest_to_upload,
    overrides,
    read_manifest,
    read_use_case,
    without_commit,
)


def test_the_manifest_gets_the_code_version_and_the_commit_and_keeps_the_rest() -> None:
    uploaded = json.loads(manifest_to_upload(load_settings({}), "abc123"))

    assert uploaded == {**read_manifest(), "CodeVersion": "abc123", "GitCommit": git_commit(ROOT)}


def test_settings_override_the_manifest_where_they_are_set() -> None:
    settings = load_settings(
        {"USE_CASE": "iris", "ENDPOINT_TYPE": "Batch", "IMAGE_TAG": "prebuilt"}
    )

    chosen = {"UseCase": "iris", "EndpointType": "Batch", "ImageTag": "prebuilt"}
    assert overrides(settings) == chosen
    assert overrides(load_settings({"IMAGE_TAG": ""})) == {}
    uploaded = json.loads(manifest_to_upload(settings, "abc"))
    assert {key: uploaded[key] for key in chosen} == chosen


def test_the_error_of_an_unknown_use_case_lists_those_that_exist() -> None:
    with pytest.raises(OperatorError) as caught:
        manifest_to_upload(load_settings({"USE_CASE": "nope"}), "abc")

    assert "'nope'" in str(caught.value)
    assert "housing, iris" in str(caught.value)


def test_a_use_case_knows_its_features_in_order() -> None:
    iris = read_use_case("iris")

    assert iris.target == "variety"
    assert iris.features == ("sepal_length", "sepal_width", "petal_length", "petal_width")
    assert iris.training_sample.is_file()
    assert iris.inference_sample.is_file()


@pytest.mark.parametrize("text", ["columns: 3", "[1, 2]", "target: x", "a: [", ""])
def test_the_error_of_an_invalid_use_case_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "config/use_cases").mkdir(parents=True)
    (tmp_path / "config/use_cases/odd.yaml").write_text(text)

    with pytest.raises(OperatorError, match=r"odd\.yaml is no use case"):
        read_use_case("odd", tmp_path)


@pytest.mark.parametrize("text", ["[1]", "{", ""])
def test_the_error_of_an_invalid_manifest_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/manifest.json").write_text(text)

    with pytest.raises(OperatorError, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_built_code_has_the_names_below_its_version(tmp_path: Path) -> None:
    (tmp_path / "build/code/ml").mkdir(parents=True)
    for name in ("train.py", "ml/job.py", "sourcedir.tar.gz", ".train.py.123"):
        (tmp_path / "build/code" / name).touch()
    (tmp_path / "build/code/CODE_VERSION").write_text("abc123\n")

    version, files = built_code(tmp_path)

    assert version == "abc123"
    assert sorted(files) == ["ml/job.py", "sourcedir.tar.gz", "train.py"]


def test_the_error_of_missing_code_names_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="make package"):
        built_code(tmp_path)


def test_the_commit_is_written_into_a_manifest_that_has_the_key(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/manifest.json").write_text('{"GitCommit": "", "UseCase": "iris"}')

    outside_of_git = json.loads(manifest_to_upload(load_settings({}), "abc", tmp_path))

    assert outside_of_git["GitCommit"] == ""
    assert "GitCommit" not in json.loads(without_commit(b'{"GitCommit": "a"}'))


def test_the_commit_is_marked_when_files_differ_from_it(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True
        )

    git("init")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "one")
    clean = git_commit(tmp_path)
    (tmp_path / "file").write_text("2")

    assert len(clean) == 40
    assert git_commit(tmp_path) == f"{clean}-dirty"
