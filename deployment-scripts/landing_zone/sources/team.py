"""A team's own repository: a clone that keeps the history, so that later versions can be merged into it.

docs/decisions/0017-updates-by-merge.md says why this is plain Git.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from landing_zone.core.errors import OperatorError
from landing_zone.core.git import Git
from landing_zone.core.settings import DEFAULTS

UPSTREAM = "upstream"
BRANCH = "main"
CODEOWNERS = ".github/CODEOWNERS"
PLACEHOLDER = "@ORGANISATION/TEAM"
_OWNER = r"@[A-Za-z0-9][A-Za-z0-9-]*(/[A-Za-z0-9._-]+)?"


@dataclass(frozen=True)
class Team:
    """What a team's repository is called and who owns it."""

    name: str
    # A user or a team in GitHub, such as @example/ml; empty: the placeholder stays.
    owner: str
    # Where the remote origin will be; empty: none yet.
    remote: str


def create(source: Path, folder: Path, team: Team, upstream: str = "") -> str:
    """Create the repository of a team from the last commit of this one; return that commit."""
    _check(source, folder, team)
    here = Git(source)
    url = upstream or here.find("remote", "get-url", "origin") or str(source)
    commit = here.run("rev-parse", "HEAD")
    # A clone and not a copy: Git merges a later version only when both have a common commit. Without hard
    # links, so that the two folders share nothing.
    Git(source.parent).run(
        "clone", "--quiet", "--no-local", "--single-branch", str(source), str(folder)
    )
    there = Git(folder)
    try:
        there.run("checkout", "--quiet", "-B", BRANCH, commit)
        _set_remotes(there, url, team.remote)
        write_team_files(folder, team)
        there.run("add", "--", DEFAULTS, *([CODEOWNERS] if (folder / CODEOWNERS).exists() else []))
        there.run(
            "commit", "--quiet", "-m", f"Start the landing zone {team.name} from {commit[:12]}"
        )
    except OperatorError:
        shutil.rmtree(folder)
        raise
    return commit


def write_team_files(folder: Path, team: Team) -> None:
    """The files that differ from ours: as few as possible, since each may conflict with an update."""
    (folder / DEFAULTS).write_text(
        "# Defaults of the settings for this repository; the environment overrides them.\n"
        f"SERVICE={team.name}\n",
        encoding="utf-8",
    )
    owners = folder / CODEOWNERS
    if team.owner and owners.is_file():
        text = owners.read_text(encoding="utf-8")
        owners.write_text(text.replace(PLACEHOLDER, team.owner), encoding="utf-8")


@dataclass(frozen=True)
class Update:
    """A branch with a later version merged into it."""

    branch: str
    commits: tuple[str, ...]
    # Files that a person has to merge; empty: merged and committed.
    conflicts: tuple[str, ...]


def update(folder: Path, version: str = BRANCH) -> Update | None:
    """Merge a later version of ours in a branch of its own; None when there is nothing new."""
    git = Git(folder)
    if git.run("status", "--porcelain", "--untracked-files=no"):
        raise OperatorError(
            f"{folder} has changes that are not committed: commit or stash them first"
        )
    if git.call("remote", "get-url", UPSTREAM).returncode:
        raise OperatorError(
            f"{folder} has no remote {UPSTREAM}: git remote add {UPSTREAM} URL_OF_THE_LANDING_ZONE"
        )
    git.run("fetch", "--quiet", "--no-tags", UPSTREAM, version)
    new = git.run("rev-parse", "FETCH_HEAD^{commit}")
    if git.call("merge-base", "HEAD", new).returncode:
        raise OperatorError(
            f"{folder} and {UPSTREAM} have no common commit, so nothing can be merged. A repository made "
            "with `make new` has one; a copy without its history has not (docs/updating.md)"
        )
    commits = git.run("log", "--format=%h %s", "--no-merges", f"HEAD..{new}").splitlines()
    if not commits:
        return None
    branch = f"update-{new[:12]}"
    if not git.call("rev-parse", "--verify", "--quiet", branch).returncode:
        raise OperatorError(
            f"the branch {branch} exists: finish it, or delete it with `git branch -D {branch}`"
        )
    git.run("switch", "--quiet", "-c", branch)
    merged = git.call("merge", "--no-ff", "-m", f"Take {new[:12]} of the landing zone", new)
    conflicts = git.run("diff", "--name-only", "--diff-filter=U").splitlines()
    if merged.returncode and not conflicts:
        raise OperatorError(f"git merge failed: {merged.stderr.strip() or merged.stdout.strip()}")
    return Update(branch, tuple(commits), tuple(conflicts))


def _check(source: Path, folder: Path, team: Team) -> None:
    if team.owner and not re.fullmatch(_OWNER, team.owner):
        raise OperatorError(f"the owner is {team.owner!r}; allowed: @user or @organisation/team")
    if folder.exists() and any(folder.iterdir()):
        raise OperatorError(f"{folder} exists and is not empty; name another folder with DIR=")
    if folder.resolve().is_relative_to(source.resolve()):
        raise OperatorError(
            f"{folder} is inside of this checkout; name a folder beside it with DIR="
        )
    if Git(source).run("status", "--porcelain", "--untracked-files=no"):
        raise OperatorError(
            f"{source} has changes that are not committed, and a clone would not have them: commit or "
            "stash them first"
        )
    if Git(source).run("rev-parse", "--is-shallow-repository") == "true":
        raise OperatorError(
            f"{source} is a shallow clone, without the history that updates need: git fetch --unshallow"
        )


def _set_remotes(git: Git, upstream: str, origin: str) -> None:
    git.run("remote", "rename", "origin", UPSTREAM)
    git.run("remote", "set-url", UPSTREAM, upstream)
    # The team's work must never be pushed to us by mistake.
    git.run("remote", "set-url", "--push", UPSTREAM, "no-push-to-upstream")
    if origin:
        git.run("remote", "add", "origin", origin)
