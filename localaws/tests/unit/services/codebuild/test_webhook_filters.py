"""Filter groups: AND inside a group, OR between groups."""

import pytest

from localaws.core.errors import AwsError
from localaws.services.codebuild.webhook_filters import WebhookEvent, check, matches

PUSH = WebhookEvent(
    "PUSH", "ada", "refs/heads/main", None, ("docs/a.md", "src/b.py"), "c" * 40, "Fix it"
)
PULL_REQUEST = WebhookEvent(
    "PULL_REQUEST_UPDATED",
    "ben",
    "refs/heads/topic",
    "refs/heads/main",
    ("src/b.py",),
    "c" * 40,
    "Try",
)


def item(kind, pattern, exclude=False):
    return {"type": kind, "pattern": pattern, "excludeMatchedPattern": exclude}


@pytest.mark.parametrize(
    ("event", "filters", "expected"),
    [
        (PUSH, [item("EVENT", "PUSH")], True),
        (PUSH, [item("EVENT", "PULL_REQUEST_CREATED, PUSH")], True),
        (PUSH, [item("EVENT", "PULL_REQUEST_CREATED")], False),
        (PUSH, [item("EVENT", "PUSH"), item("HEAD_REF", "^refs/heads/main$")], True),
        (PUSH, [item("EVENT", "PUSH"), item("HEAD_REF", "^refs/tags/")], False),
        (PUSH, [item("EVENT", "PUSH"), item("HEAD_REF", "^refs/tags/", True)], True),
        (PUSH, [item("EVENT", "PUSH"), item("BASE_REF", "main")], False),
        (PUSH, [item("EVENT", "PUSH"), item("BASE_REF", "main", True)], False),
        (PULL_REQUEST, [item("EVENT", "PULL_REQUEST_UPDATED"), item("BASE_REF", "main$")], True),
        (PUSH, [item("EVENT", "PUSH"), item("FILE_PATH", r"\.py$")], True),
        (PUSH, [item("EVENT", "PUSH"), item("FILE_PATH", "^docs/", True)], False),
        (PULL_REQUEST, [item("EVENT", "PULL_REQUEST_UPDATED"), item("FILE_PATH", "^docs/", True)], True),
        (PUSH, [item("EVENT", "PUSH"), item("ACTOR_ACCOUNT_ID", "^ada$")], True),
        (PUSH, [item("EVENT", "PUSH"), item("COMMIT_MESSAGE", r"\[skip ci\]", True)], True),
    ],
)  # fmt: skip
def test_all_filters_of_a_group_have_to_match(event, filters, expected):
    assert matches(event, [filters], None) is expected


def test_one_group_is_enough():
    groups = [[item("EVENT", "PULL_REQUEST_MERGED")], [item("EVENT", "PUSH")]]
    assert matches(PUSH, groups, None)
    assert not matches(PULL_REQUEST, groups, None)


def test_without_filters_pushes_and_open_pull_requests_start_builds():
    assert matches(PUSH, [], None)
    assert matches(PULL_REQUEST, [], None)
    merged = WebhookEvent(
        "PULL_REQUEST_MERGED", "ben", "refs/heads/topic", "refs/heads/main", (), "c" * 40, ""
    )
    assert not matches(merged, [], None)
    assert matches(PUSH, [], "^main$")
    assert not matches(PULL_REQUEST, [], "^main$")


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ([item("HEAD_REF", "x")], "0 filters of the type EVENT"),
        ([item("EVENT", "PUSH"), item("EVENT", "PUSH")], "2 filters of the type EVENT"),
        ([item("EVENT", "RELEASED")], "RELEASED"),
        ([item("EVENT", "PUSH"), item("TAG_NAME", "x")], "TAG_NAME"),
        ([item("EVENT", "PUSH"), item("HEAD_REF", "(")], "Invalid pattern"),
    ],
)
def test_what_is_refused(filters, message):
    with pytest.raises(AwsError, match=message):
        check([filters])
