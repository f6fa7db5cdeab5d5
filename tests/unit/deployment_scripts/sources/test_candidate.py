"""A pull request is read as data."""

import json
import shutil

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.sources.candidate import read_candidate, upload_candidate
from landing_zone.sources.job_code import code_version
from tests.unit.deployment_scripts.fakes import FakeS3

COMMIT = "a" * 40


@pytest.fixture
def checkout(tmp_path):
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow", ignore=ignore)
    (tmp_path / "config").mkdir()
    shutil.copy(ROOT / "config/manifest.json", tmp_path / "config/manifest.json")
    return tmp_path


def test_the_version_is_that_of_its_own_files(checkout):
    before = read_candidate(checkout, COMMIT)
    assert before.version == code_version(ROOT / "workflow")
    with (checkout / "workflow/train.py").open("a") as file:
        file.write("# another line\n")
    assert read_candidate(checkout, COMMIT).version != before.version


def test_no_code_of_the_pull_request_runs(checkout):
    for name in ("train.py", "ml/__init__.py", "ml/code_version.py"):
        (checkout / "workflow" / name).write_text("raise SystemExit('it ran')\n")
    assert read_candidate(checkout, COMMIT).files["train.py"].startswith(b"raise")


@pytest.mark.parametrize("name", ["workflow/ml/secret.py", "config/manifest.json", "workflow"])
def test_a_symbolic_link_is_refused(checkout, name, tmp_path_factory):
    path, outside = checkout / name, tmp_path_factory.mktemp("outside")
    if path.is_dir():
        shutil.copytree(path, outside / "workflow")
        shutil.rmtree(path)
        path.symlink_to(outside / "workflow")
    else:
        path.unlink(missing_ok=True)
        path.symlink_to("/proc/self/environ")
    with pytest.raises(OperatorError, match=f"{name} of the pull request is a symbolic link"):
        read_candidate(checkout, COMMIT)


def test_the_upload_ends_with_a_manifest_of_its_own(checkout):
    candidate, s3 = read_candidate(checkout, COMMIT), FakeS3("source")
    upload_candidate(s3, "source", candidate)
    start = f"code/{candidate.version}/"
    assert s3.puts[-2:] == [f"{start}CODE_VERSION", f"config/evaluations/{COMMIT}.json"]
    assert "config/manifest.json" not in s3.puts
    manifest = json.loads(s3.text("source", s3.puts[-1]))
    assert manifest["ImageTag"] == "prebuilt"
    assert (manifest["CodeVersion"], manifest["GitCommit"]) == (candidate.version, COMMIT)


def test_a_folder_without_code_is_named(tmp_path):
    with pytest.raises(OperatorError, match="holds no workflow/"):
        read_candidate(tmp_path, COMMIT)
