"""Which commit build.sh builds, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from landing_zone.commands.build import commit_to_build, require_image_name, with_region
from landing_zone.core.errors import OperatorError
from landing_zone.core.git import Git
from landing_zone.core.settings import load_settings
from landing_zone.sources.checkout import git_remote

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.com")
    git = Git(tmp_path)
    git.run("init", "--quiet")
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow/train.py").write_text("one")
    git.run("add", "--all")
    git.run("commit", "--quiet", "-m", "First")
    return tmp_path


def test_a_clean_checkout_has_its_commit(checkout: Path) -> None:
    head = Git(checkout).run("rev-parse", "HEAD")
    (checkout / "notes.txt").write_text("not in the image")

    assert commit_to_build({"GIT_COMMIT": COMMIT}, checkout, allow_dirty=False) == head


@pytest.mark.parametrize("file", ["workflow/train.py", "workflow/new.py"])
def test_a_checkout_that_differs_is_refused_unless_told(checkout: Path, file: str) -> None:
    head = Git(checkout).run("rev-parse", "HEAD")
    (checkout / file).write_text("two")

    with pytest.raises(OperatorError, match=f"files differ from commit {head}"):
        commit_to_build({}, checkout, allow_dirty=False)
    assert commit_to_build({}, checkout, allow_dirty=True) == f"{head}-dirty"


@pytest.mark.parametrize("name", ["GIT_COMMIT", "CODEBUILD_RESOLVED_SOURCE_VERSION", "GITHUB_SHA"])
def test_without_git_the_environment_names_the_commit(tmp_path: Path, name: str) -> None:
    assert commit_to_build({name: COMMIT}, tmp_path, allow_dirty=False) == COMMIT


@pytest.mark.parametrize("environ", [{}, {"GIT_COMMIT": "main"}, {"GIT_COMMIT": COMMIT[:12]}])
def test_without_a_commit_nothing_is_built(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(OperatorError, match="allowed: 40 hexadecimal digits"):
        commit_to_build(environ, tmp_path, allow_dirty=True)


@pytest.mark.parametrize("name", ["", "ML", "a b", "a/b", "-a", "a--", "a:1"])
def test_names_that_docker_refuses(name: str) -> None:
    with pytest.raises(OperatorError, match="the image is"):
        require_image_name(name)


def test_the_region_is_that_of_the_argument() -> None:
    assert with_region(load_settings({}), "us-east-1").region == "us-east-1"
    with pytest.raises(OperatorError, match="the region is 'Ireland'; allowed: a region code"):
        with_region(load_settings({}), "Ireland")


@pytest.mark.parametrize(("url", "expected"), [
    ("https://user:token@example.com/o/r.git", "https://example.com/o/r.git"),
    ("https://example.com/o/r.git", "https://example.com/o/r.git"),
    ("git@example.com:o/r.git", "git@example.com:o/r.git"),
])  # fmt: skip
def test_the_provenance_has_no_credentials(checkout: Path, url: str, expected: str) -> None:
    Git(checkout).run("remote", "add", "origin", url)

    assert git_remote(checkout) == expected
