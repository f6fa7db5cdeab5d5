"""The model's files: loaded only when they are what train wrote."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile

import joblib
import pytest

from ml.hashes import file_sha256
from ml.model.artifact import load_model
from ml.model.model_files import ModelRefusedError, Recorded


@pytest.fixture
def model(iris_run, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(iris_run.model, folder)
    return folder


def change_card(folder, change):
    card = json.loads((folder / "model.json").read_text())
    change(card)
    (folder / "model.json").write_text(json.dumps(card))


def pack(folder, names, prefix=""):
    archive = folder / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in names:
            tar.add(folder / name, arcname=prefix + name)
    for name in names:
        (folder / name).unlink()
    return folder


def test_the_files_are_loaded(model):
    loaded = load_model(model)
    assert loaded.use_case.name == "iris"
    assert loaded.card["model_file"]["name"] == "model.joblib"


@pytest.mark.parametrize("prefix", ["", "./"])
def test_the_archive_is_loaded_without_being_extracted(model, prefix):
    pack(model, ["model.joblib", "model.json"], prefix)
    assert load_model(model).use_case.name == "iris"
    assert not (model / "model.joblib").exists()


def test_code_in_a_tampered_file_is_not_run(model):
    (model / "model.joblib").unlink()
    joblib.dump(RunsCode(str(model / "was here")), model / "model.joblib")
    with pytest.raises(
        ModelRefusedError, match=r"is not the file that train wrote: found sha256 [0-9a-f]{64}"
    ):
        load_model(model)
    assert not (model / "was here").exists()
    joblib.load(model / "model.joblib")
    assert (model / "was here").exists()  # it would have been run


class RunsCode:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_one_changed_bit_is_refused(model):
    content = bytearray((model / "model.joblib").read_bytes())
    content[-1] ^= 1
    (model / "model.joblib").write_bytes(content)
    with pytest.raises(ModelRefusedError, match="Train again, or restore"):
        load_model(model)


def test_another_scikit_learn_is_refused(model):
    change_card(model, lambda card: card["lineage"]["libraries"].update({"scikit-learn": "0.23.2"}))
    with pytest.raises(
        ModelRefusedError, match=r"trained with scikit-learn 0\.23\.2, this environment has"
    ):
        load_model(model)


def test_a_missing_file_is_named(model):
    (model / "model.json").unlink()
    with pytest.raises(ModelRefusedError, match=r"holds no model: No such file .*model\.json"):
        load_model(model)


def test_an_incomplete_archive_is_refused(model):
    pack(model, ["model.joblib"])
    with pytest.raises(ModelRefusedError, match=r"lacks model\.json, which train writes"):
        load_model(model)


def test_a_broken_archive_is_refused(model):
    pack(model, ["model.joblib", "model.json"])
    content = (model / "model.tar.gz").read_bytes()
    (model / "model.tar.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelRefusedError, match="cannot be read"):
        load_model(model)


def test_links_in_the_archive_are_not_followed(model):
    (model / "model.joblib").unlink()
    with tarfile.open(model / "model.tar.gz", "w:gz") as tar:
        link = tarfile.TarInfo("model.joblib")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        card = (model / "model.json").read_bytes()
        info = tarfile.TarInfo("model.json")
        info.size = len(card)
        tar.addfile(info, io.BytesIO(card))
    with pytest.raises(ModelRefusedError, match=r"lacks model\.joblib"):
        load_model(model)


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"model_file": {"sha256": "x"}}'])
def test_a_card_that_train_did_not_write_is_refused(model, card):
    (model / "model.json").write_text(card)
    with pytest.raises(ModelRefusedError, match="is not what train writes"):
        load_model(model)


def test_hashes_recorded_elsewhere_are_checked(model):
    card = file_sha256(model / "model.json")
    assert load_model(model, Recorded(card=card)).sha256 == Recorded(card=card)
    with pytest.raises(ModelRefusedError, match=r"model\.json is not the one that was registered"):
        load_model(model, Recorded(card="0" * 64))
    pack(model, ["model.joblib", "model.json"])
    recorded = Recorded(file_sha256(model / "model.tar.gz"), card)
    assert load_model(model, recorded).sha256 == recorded
    with pytest.raises(
        ModelRefusedError, match=r"model\.tar\.gz is not the one that was registered"
    ):
        load_model(model, Recorded(archive="0" * 64))


def test_a_replaced_model_that_is_consistent_is_found_by_the_recorded_hash(model):
    """model.json and model.joblib fit each other: only a hash from elsewhere can tell."""
    recorded = Recorded(card=file_sha256(model / "model.json"))
    joblib.dump(RunsCode(str(model / "was here")), model / "model.joblib")
    found = file_sha256(model / "model.joblib")
    change_card(model, lambda card: card["model_file"].update(sha256=found))
    with pytest.raises(ModelRefusedError, match="the model registry has sha256"):
        load_model(model, recorded)
    assert not (model / "was here").exists()
    load_model(model)
    assert (model / "was here").exists()


def test_files_are_not_taken_for_a_registered_archive(model):
    with pytest.raises(ModelRefusedError, match=r"model\.tar\.gz .* found no such file"):
        load_model(model, Recorded(archive="0" * 64))


def test_changed_serving_code_is_refused_before_the_pipeline_is_loaded(model):
    recorded = Recorded(card=file_sha256(model / "model.json"))
    (model / "code/inference.py").write_text("raise SystemExit('changed after registration')\n")
    with pytest.raises(
        ModelRefusedError,
        match=r"code/inference\.py is not the file that train wrote: found sha256 [0-9a-f]{64}, "
        r"model\.json records [0-9a-f]{64}",
    ):
        load_model(model, recorded)


def test_a_model_without_recorded_code_is_still_loaded(model):
    """Versions that were registered before model.json recorded the code are champions too."""
    change_card(model, lambda card: card.pop("code_files"))
    assert load_model(model).use_case.name == "iris"
