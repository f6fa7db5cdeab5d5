"""Filters of triggers, and their glob patterns."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.services.codepipeline import globs, triggers
from unit.services.codepipeline.definitions import trigger
from unit.services.codepipeline.fake_git import FakeRepository, pull_request, push

REPOSITORY = FakeRepository("octo/demo")


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.py", ["a.py", ".py"], ["b/a.py", "a.pyc"]),
        ("**/*.py", ["b/a.py", "c/b/a.py"], ["a.py"]),
        ("**", ["a", "a/b"], []),
        ("infra/**", ["infra/a", "infra/a/b"], ["infra", "cicd/infra/a"]),
        ("infra/*", ["infra/a"], ["infra/a/b"]),
        ("v?.[0-9]", ["v1.0"], ["v1.x", "v10.0", "v1."]),
        ("[!a]b", ["cb"], ["ab", "/b"]),
        ("[-a]b", ["-b", "ab"], ["bb"]),
        ("*.{java,class}", ["A.java", "A.class"], ["A.jar"]),
        (r"a\*", ["a*"], ["ab"]),
        ("a.b", ["a.b"], ["axb"]),
        ("release-v0", ["release-v0"], ["release-v01"]),
    ],
)
def test_globs(pattern: str, matching: list[str], other: list[str]) -> None:
    assert [text for text in matching + other if globs.matches(pattern, text)] == matching


@pytest.mark.parametrize("pattern", ["[ab", "{a,b", "{a,{b,c}}"])
def test_a_glob_that_is_not_closed_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        globs.compiled(pattern)


def parsed(**filters: Any) -> triggers.GitTrigger:
    return triggers.parse({"triggers": [trigger(**filters)]})["Git"]


def started(given: triggers.GitTrigger | None, ref: str, *files: str) -> str | None:
    event = push(REPOSITORY, ref, "c" * 40, files or ("a",))
    change = triggers.push_change(given, "main", event)
    return change.branch if change else None


@pytest.mark.parametrize(
    ("filters", "ref", "files", "branch"),
    [
        ([{"branches": {"includes": ["main"]}}], "refs/heads/main", ["a"], "main"),
        ([{"branches": {"includes": ["main"]}}], "refs/heads/dev", ["a"], None),
        ([{"branches": {"includes": ["main"]}}], "refs/tags/main", ["a"], None),
        ([{"branches": {"excludes": ["main"]}}], "refs/heads/dev", ["a"], "dev"),
        (
            [{"branches": {"includes": ["**"], "excludes": ["wip/*"]}}],
            "refs/heads/wip/x",
            ["a"],
            None,
        ),
        ([{"tags": {"includes": ["v*"]}}], "refs/tags/v1", ["a"], "v1"),
        ([{"tags": {"includes": ["v*"]}}], "refs/heads/v1", ["a"], None),
        ([{"filePaths": {"includes": ["infra/**"]}}], "refs/heads/dev", ["a", "infra/x"], "dev"),
        ([{"filePaths": {"includes": ["infra/**"]}}], "refs/heads/dev", ["a"], None),
        ([{"filePaths": {"excludes": ["**.md"]}}], "refs/heads/dev", ["docs/a.md"], None),
        ([{"filePaths": {"excludes": ["**.md"]}}], "refs/heads/dev", ["docs/a.md", "x"], "dev"),
        (
            [{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["infra/**"]}}],
            "refs/heads/dev",
            ["infra/x"],
            None,
        ),
        (
            [{"branches": {"includes": ["main"]}}, {"tags": {"includes": ["v*"]}}],
            "refs/tags/v1",
            ["a"],
            "v1",
        ),
    ],
)
def test_a_push_matches_one_of_the_filters(
    filters: list[Any], ref: str, files: list[str], branch: str | None
) -> None:
    assert started(parsed(push=filters), ref, *files) == branch


def test_a_trigger_without_filters_is_for_every_branch() -> None:
    assert started(parsed(), "refs/heads/any") == "any"
    assert started(parsed(), "refs/tags/v1") is None
    only_pull_requests = parsed(pullRequest=[{"events": ["OPEN"]}])
    assert started(only_pull_requests, "refs/heads/any") is None


def test_without_a_trigger_only_the_branch_of_the_action_counts() -> None:
    assert started(None, "refs/heads/main") == "main"
    assert started(None, "refs/heads/other") is None


@pytest.mark.parametrize(
    ("given", "action", "base", "expected"),
    [
        ({"events": ["OPEN", "UPDATED"]}, "updated", "main", True),
        ({"events": ["OPEN", "UPDATED"]}, "closed", "main", False),
        ({"events": ["CLOSED"]}, "merged", "main", True),
        ({}, "opened", "main", True),
        ({"branches": {"includes": ["release/**"]}}, "opened", "main", False),
        ({"filePaths": {"includes": ["infra/**"]}}, "opened", "main", True),
        ({"filePaths": {"includes": ["docs/**"]}}, "opened", "main", False),
    ],
)
def test_pull_requests(given: Any, action: str, base: str, expected: bool) -> None:
    event = pull_request(REPOSITORY, action, "c" * 40, "proposal", base, ("infra/main.tf",))
    change = triggers.pull_request_change(parsed(pullRequest=[given]), event)
    assert change == (triggers.SourceChange("c" * 40, "proposal") if expected else None)
    assert triggers.pull_request_change(None, event) is None
