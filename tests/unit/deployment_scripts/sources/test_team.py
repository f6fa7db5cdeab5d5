"""A team's repository is made from a small landing zone, and takes later versions of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.git import Git
from landing_zone.core.settings import ROOT, load_settings, with_defaults
from landing_zone.sources.team import CODEOWNERS, Team, Update, create, update

TEAM = Team("forecast", "@example/ml", "")
MANIFEST = "config/manifest.json"


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def commit(folder: Path, subject: str, **files: str) -> str:
    """Write files (config__x for config/x) and commit them."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git = Git(folder)
    git.run("add", "--all")
    git.run("commit", "--quiet", "-m", subject)
    return git.run("rev-parse", "HEAD")


def manifest(value: int) -> str:
    return f'{{\n"a": 1,\n"b": {value},\n"c": 3\n}}\n'


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A landing zone with the files that `make new` changes and two that people change."""
    folder = tmp_path / "ours"
    folder.mkdir()
    Git(folder).run("init", "--quiet", "-b", "main")
    (folder / ".github").mkdir()
    (folder / CODEOWNERS).write_text("* @ORGANISATION/TEAM\n/infra/ @ORGANISATION/TEAM\n")
    commit(
        folder,
        "First",
        README_dot_md="one\ntwo\nthree\n",
        config__manifest_dot_json='{\n"a": 1,\n"b": 2,\n"c": 3\n}\n',
    )
    return folder


@pytest.fixture
def theirs(ours: Path, tmp_path: Path) -> Path:
    create(ours, tmp_path / "theirs", TEAM)
    return tmp_path / "theirs"


def test_the_repository_has_the_teams_name_owner_and_remotes(ours: Path, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"

    first = create(
        ours, folder, Team("forecast", "@example/ml", "https://example.com/forecast.git")
    )

    git = Git(folder)
    assert load_settings(with_defaults(folder, {})).service == "forecast"
    assert (folder / CODEOWNERS).read_text() == "* @example/ml\n/infra/ @example/ml\n"
    assert git.run("remote", "get-url", "upstream") == str(ours)
    assert git.run("remote", "get-url", "origin") == "https://example.com/forecast.git"
    assert (
        git.run("log", "--format=%s") == f"Start the landing zone forecast from {first[:12]}\nFirst"
    )
    assert git.run("status", "--porcelain") == ""


def test_nothing_can_be_pushed_to_the_landing_zone(theirs: Path, ours: Path) -> None:
    before = Git(ours).run("rev-parse", "HEAD")

    done = Git(theirs).call("push", "upstream", "HEAD:refs/heads/theirs")

    assert done.returncode != 0
    assert Git(ours).run("for-each-ref", "--format=%(objectname)") == before


def test_the_environment_overrides_the_teams_defaults(theirs: Path) -> None:
    assert load_settings(with_defaults(theirs, {"SERVICE": "other"})).service == "other"
    assert load_settings(with_defaults(theirs, {"SERVICE": ""})).service == "forecast"


def test_a_wrong_line_of_the_defaults_is_refused(theirs: Path) -> None:
    (theirs / "config/settings.env").write_text("SERVICE = forecast\n")

    with pytest.raises(OperatorError, match=r"settings\.env:1 is 'SERVICE = forecast'; allowed"):
        with_defaults(theirs, {})


def test_an_update_merges_what_both_sides_changed_apart(theirs: Path, ours: Path) -> None:
    commit(
        theirs,
        "Ours to begin with",
        README_dot_md="one\ntwo\nthree\nforecast\n",
        own_dot_txt="own\n",
    )
    new = commit(ours, "Second", README_dot_md="zero\none\ntwo\nthree\n", added_dot_txt="new\n")

    found = update(theirs)

    assert found == Update(
        f"update-{new[:12]}", (f"{Git(ours).run('log', '-1', '--format=%h')} Second",), ()
    )
    assert (theirs / "README.md").read_text() == "zero\none\ntwo\nthree\nforecast\n"
    assert (theirs / "added.txt").exists()
    assert (theirs / "own.txt").exists()
    assert load_settings(with_defaults(theirs, {})).service == "forecast"
    git = Git(theirs)
    assert git.run("branch", "--show-current") == found.branch
    assert git.run("status", "--porcelain") == ""
    assert git.run("log", "-1", "--format=%s", "main") == "Ours to begin with"


def test_a_conflict_is_named_and_left_to_finish(theirs: Path, ours: Path) -> None:
    commit(theirs, "Theirs", config__manifest_dot_json='{\n"a": 1,\n"b": 22,\n"c": 3\n}\n')
    commit(
        ours,
        "Second",
        config__manifest_dot_json='{\n"a": 1,\n"b": 222,\n"c": 3\n}\n',
        added_dot_txt="new\n",
    )

    found = update(theirs)

    assert found
    assert found.conflicts == (MANIFEST,)
    assert '<<<<<<< HEAD\n"b": 22,\n' in (theirs / MANIFEST).read_text()
    commit(theirs, "Merge", config__manifest_dot_json=manifest(22))
    assert (theirs / "added.txt").exists()
    Git(theirs).run("switch", "--quiet", "main")
    Git(theirs).run("merge", "--quiet", found.branch)
    assert update(theirs) is None


def test_a_second_update_has_only_what_is_new(theirs: Path, ours: Path) -> None:
    commit(ours, "Second", added_dot_txt="new\n")
    first = update(theirs)
    assert first
    Git(theirs).run("switch", "--quiet", "main")
    Git(theirs).run("merge", "--quiet", first.branch)
    commit(ours, "Third", added_dot_txt="newer\n")

    second = update(theirs)

    assert second
    assert [text.split(" ", 1)[1] for text in second.commits] == ["Third"]


def test_an_update_to_a_tag_stops_there(theirs: Path, ours: Path) -> None:
    commit(ours, "Second", added_dot_txt="new\n")
    Git(ours).run("tag", "v1")
    commit(ours, "Third", added_dot_txt="newer\n")

    assert update(theirs, "v1")
    assert (theirs / "added.txt").read_text() == "new\n"


@pytest.mark.parametrize(("change", "message"), [
    (lambda theirs: (theirs / "README.md").write_text("x"), "not committed"),
    (lambda theirs: Git(theirs).run("remote", "remove", "upstream"), "no remote upstream"),
    (lambda theirs: Git(theirs).run("switch", "--orphan", "fresh"), "no common commit|failed"),
])  # fmt: skip
def test_an_update_that_cannot_work_is_refused(theirs: Path, change: object, message: str) -> None:
    change(theirs)  # type: ignore[operator]

    with pytest.raises(OperatorError, match=message):
        update(theirs)


@pytest.mark.parametrize(("owner", "folder", "message"), [
    ("ml", "theirs", "allowed: @user or @organisation/team"),
    ("@a/b", "ours/inside", "inside of this checkout"),
    ("@a/b", "full", "not empty"),
])  # fmt: skip
def test_a_repository_that_cannot_be_made_is_refused(
    ours: Path, tmp_path: Path, owner: str, folder: str, message: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("x")

    with pytest.raises(OperatorError, match=message):
        create(ours, tmp_path / folder, Team("forecast", owner, ""))


def test_uncommitted_changes_are_refused(ours: Path, tmp_path: Path) -> None:
    (ours / "README.md").write_text("changed")

    with pytest.raises(OperatorError, match="not committed"):
        create(ours, tmp_path / "theirs", TEAM)


def test_this_repository_as_a_team_has_it_passes_the_tests_of_its_configuration(
    tmp_path: Path,
) -> None:
    """From the commit before the last to the last, as a team would."""
    if Git(ROOT).run("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("this checkout has one commit only, and an update needs two")
    ours = tmp_path / "ours"
    Git(ROOT).run("clone", "--quiet", "--no-local", str(ROOT), str(ours))
    newest = Git(ours).run("rev-parse", "HEAD")
    Git(ours).run("checkout", "--quiet", "-B", "main", "HEAD~1")
    folder = tmp_path / "theirs"
    create(ours, folder, TEAM, str(ours))
    Git(ours).run("reset", "--quiet", "--hard", newest)

    assert update(folder)
    assert Git(folder).run("merge-base", "HEAD", newest) == newest
    assert load_settings(with_defaults(folder, {})).service == "forecast"
    tests = ["tests/unit/config", "tests/unit/deployment_scripts/core/test_settings.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
