from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.delivery import saved_plan
from landing_zone.delivery.saved_plan import SavedPlan
from tests.unit.deployment_scripts.fakes import FakeS3


def checkout(tmp_path: Path) -> Path:
    """A root with built packages and a lock file."""
    root = tmp_path / "root"
    for name in ("build/lambdas/create_schema.zip", "build/code/train.py", "infra/main.tf"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "infra/.terraform.lock.hcl").write_text("lock")
    return root


def sealed(tmp_path: Path, commit: str = "abc") -> SavedPlan:
    root = checkout(tmp_path)
    saved = SavedPlan(tmp_path / "plan")
    saved.begin()
    saved.file.write_text("the plan")
    saved.write("commit", f"{commit}\n")
    saved.write("summary.html", "<p>")
    saved.add_packages(root / "infra/.terraform.lock.hcl", root)
    saved.seal()
    return saved


def test_a_plan_that_nobody_touched_is_accepted(tmp_path: Path) -> None:
    saved = sealed(tmp_path)

    saved.verify(saved.sha256, "abc")


@pytest.mark.parametrize("name", ["tfplan", "packages/lambdas/create_schema.zip", "commit"])
def test_a_changed_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    saved = sealed(tmp_path)
    (saved.folder / name).write_text("something else")

    with pytest.raises(OperatorError, match=f"was changed: {name}. Nothing was applied"):
        saved.verify("", "")


def test_an_added_file_is_refused(tmp_path: Path) -> None:
    saved = sealed(tmp_path)
    saved.write("packages/code/more.py", "")

    with pytest.raises(OperatorError, match=r"packages/code/more\.py"):
        saved.verify("", "")


def test_a_replaced_plan_with_hashes_of_its_own_is_refused(tmp_path: Path) -> None:
    saved = sealed(tmp_path)
    approved = saved.sha256
    saved.file.write_text("another plan")
    saved.seal()

    with pytest.raises(OperatorError, match="that of the approved one was"):
        saved.verify(approved, "abc")


def test_the_plan_of_another_commit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="belongs to commit abc, this is def"):
        sealed(tmp_path).verify("", "def")


def test_a_missing_plan_names_the_step_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"run `ci\.py plan` first"):
        SavedPlan(tmp_path).verify("", "")


def test_a_stored_plan_comes_back_unchanged(tmp_path: Path) -> None:
    saved, s3 = sealed(tmp_path), FakeS3("plans")
    key = saved_plan.store(s3, "plans", saved)
    fetched = SavedPlan(tmp_path / "fetched")

    saved_plan.fetch(s3, "plans", "abc", fetched)

    assert key == "plans/abc/plan.zip"
    assert fetched.sha256 == saved.sha256
    fetched.verify(saved.sha256, "abc")


def test_packages_return_to_where_terraform_looks_for_them(tmp_path: Path) -> None:
    saved, root = sealed(tmp_path), checkout(tmp_path / "other")
    (root / "build/code/old.py").write_text("of another commit")

    saved.restore(root / "infra", root)

    assert not (root / "build/code/old.py").exists()
    assert (root / "build/lambdas/create_schema.zip").read_text().endswith("create_schema.zip")


def test_an_unknown_commit_has_no_stored_plan(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no plan of commit abc is stored"):
        saved_plan.fetch(FakeS3("plans"), "plans", "abc", SavedPlan(tmp_path))


def test_a_stored_plan_cannot_write_outside_of_its_folder(tmp_path: Path) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("../elsewhere", "x")

    with pytest.raises(OperatorError, match="outside of its folder"):
        SavedPlan(tmp_path / "plan").unpack(body.getvalue())
    assert not (tmp_path / "elsewhere").exists()
