"""The packages: complete, the same bytes each time, and runnable without this environment."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.sources import package
from landing_zone.sources.job_code import code_version

CHECK = """
import sys, types
for name in ("boto3", "botocore", "botocore.config", "botocore.exceptions"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["boto3"].client = None
sys.modules["botocore.config"].Config = Exception
sys.modules["botocore.exceptions"].ClientError = Exception
sys.modules["botocore.exceptions"].BotoCoreError = Exception
import handler, yaml, fastjsonschema
from common.manifest import load_schema
from common.schema import problems_of
assert callable(handler.handler)
assert problems_of(load_schema("manifest.schema.json"), {}) != []
assert load_schema("use_case.schema.json")["title"] == "Use case"
assert yaml.safe_load("a: [1]") == {"a": [1]}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("build")
    package.build(ROOT, target)
    return target


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository's sources, to be changed."""
    for folder in ("lambdas", "config", "workflow"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_same_sources_give_the_same_bytes(built: Path, copy: Path, tmp_path: Path) -> None:
    for path in copy.rglob("*.py"):
        path.touch()  # other dates
    package.build(copy, tmp_path / "again")
    assert contents(built) == contents(tmp_path / "again")


@pytest.mark.parametrize("function", package.FUNCTIONS)
def test_function_runs_from_its_zip_alone(built: Path, tmp_path: Path, function: str) -> None:
    with zipfile.ZipFile(built / f"lambdas/{function}.zip") as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert names == sorted(names)
    assert [name for name in names if name.endswith((".so", ".pyc", ".pyd"))] == []
    # boto3 is Lambda's; everything else must come from the zip, so -S hides the environment's packages.
    (tmp_path / "check.py").write_text(CHECK)
    subprocess.run([sys.executable, "-S", "check.py"], check=True, cwd=tmp_path)


def test_job_code_and_its_archive_are_the_same(built: Path) -> None:
    code = contents(built / "code")
    files = {}
    with tarfile.open(fileobj=io.BytesIO(code.pop("sourcedir.tar.gz")), mode="r:gz") as archive:
        members = archive.getmembers()
        for member in members:
            file = archive.extractfile(member)
            assert file is not None
            files[member.name] = file.read()
    version = code.pop("CODE_VERSION").decode().strip()
    assert files == code
    assert {(member.mtime, member.uid, member.mode) for member in members} == {(0, 0, 0o644)}
    assert {"preprocess.py", "train.py", "evaluate.py", "inference.py", "ml/__init__.py"} <= set(
        code
    )
    assert version == code_version(ROOT / "workflow")
    assert len(version) == 12


def test_version_follows_the_job_code_and_nothing_else(built: Path, copy: Path) -> None:
    before = code_version(copy / "workflow")
    (copy / "workflow/README.md").write_text("changed")
    (copy / "workflow/ml/__pycache__").mkdir(exist_ok=True)
    (copy / "workflow/ml/__pycache__/x.pyc").write_bytes(b"changed")
    assert code_version(copy / "workflow") == before
    with (copy / "workflow/ml/__init__.py").open("a") as file:
        file.write("\n# changed\n")
    assert code_version(copy / "workflow") != before


def test_a_deleted_script_is_not_packaged(copy: Path, tmp_path: Path) -> None:
    target = tmp_path / "build"
    (copy / "workflow/ml/old").mkdir()
    (copy / "workflow/ml/old/thing.py").write_text("")
    package.build(copy, target)
    assert (target / "code/ml/old/thing.py").is_file()
    shutil.rmtree(copy / "workflow/ml/old")
    package.build(copy, target)
    assert not (target / "code/ml/old").exists()


def test_missing_source_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / "workflow/evaluate.py").unlink()
    with pytest.raises(OperatorError, match=r"workflow/evaluate\.py: not found"):
        package.build(copy, tmp_path / "build")


def test_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch, copy: Path) -> None:
    monkeypatch.setattr(package, "DEPENDENCIES", {"no-such-distribution": "nothing"})
    with pytest.raises(OperatorError, match="no-such-distribution is not installed"):
        package.function_files(copy, "create_schema")


def test_the_summary_names_what_was_built(tmp_path: Path) -> None:
    output = package.summary(package.build(ROOT, tmp_path), tmp_path)

    for name in ("create_schema.zip", "update_schema.zip", "sourcedir.tar.gz", "version "):
        assert name in output
