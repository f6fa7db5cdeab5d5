"""One comment and one issue, updated in place."""

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.github.sticky import (
    LIMIT,
    close_issue,
    cut,
    marker_of,
    put_comment,
    put_issue,
    set_label,
)
from tests.unit.deployment_scripts.github.fakes import FakeApi

MARKER = "<!-- landing-zone: plan of x -->"
BODY = f"{MARKER}\ntext"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
COMMENTS, ISSUES = "issues/7/comments", "issues?state=open&labels=drift"


def test_the_first_time_it_is_created():
    api = FakeApi({COMMENTS: [{"id": 1, "body": None, "user": BOT}]})
    put_comment(api, 7, BODY)
    assert api.sent == [("POST", COMMENTS, {"body": BODY})]


def test_then_it_is_updated():
    api = FakeApi({COMMENTS: [{"id": 1, "body": f"{MARKER}\r\nold", "user": BOT}]})
    put_comment(api, 7, BODY)
    assert api.sent == [("PATCH", "issues/comments/1", {"body": BODY})]


def test_the_comment_of_a_person_is_not_updated():
    api = FakeApi({COMMENTS: [{"id": 1, "body": BODY, "user": {"login": "dev", "type": "User"}}]})
    put_comment(api, 7, BODY)
    assert api.sent[0][0] == "POST"


def test_an_issue_is_opened_updated_and_closed():
    api = FakeApi()
    put_issue(api, "Drift", "drift", BODY)
    assert api.sent == [("POST", "issues", {"title": "Drift", "labels": ["drift"], "body": BODY})]
    assert close_issue(api, "drift", BODY) is None
    api = FakeApi({ISSUES: [{"number": 3, "body": BODY, "user": BOT}]})
    put_issue(api, "Drift", "drift", BODY)
    close_issue(api, "drift", BODY)
    assert [(method, path) for method, path, _ in api.sent] == [("PATCH", "issues/3")] * 2
    assert api.sent[1][2]["state"] == "closed"


def test_a_label_takes_the_place_of_the_others():
    api = FakeApi({"issues/7/labels/a": []})
    set_label(api, 7, "b", ("a", "b", "c"))
    assert api.sent == [
        ("DELETE", "issues/7/labels/a", {}),
        ("DELETE", "issues/7/labels/c", {}),
        ("POST", "issues/7/labels", {"labels": ["b"]}),
    ]


@pytest.mark.parametrize("body", ["", "### Plan", "<!-- two\nlines -->"])
def test_a_text_without_marker_is_refused(body):
    with pytest.raises(OperatorError, match="must be a comment of HTML"):
        marker_of(body)


def test_a_short_text_keeps_all_lines():
    assert cut("a\n", "link") == "a\n\nlink\n"


@pytest.mark.parametrize("size", [LIMIT - 10, LIMIT, 3 * LIMIT])
def test_a_long_text_is_cut_at_a_line_and_its_sections_are_closed(size):
    head = f"{MARKER}\n**1 to destroy**: `aws_s3_bucket.this`\n<details><summary>All</summary>\n\n```\n"
    body = head + "one line of the plan\n" * (size // 21)
    shown = cut(body, "[run](u)")
    assert len(shown) <= LIMIT
    assert shown.startswith(head)
    assert shown.count("<details>") == shown.count("</details>")
    assert shown.count("```") == 2
    assert shown.endswith("The rest is cut off: [run](u)\n")
    assert "one line of the plan\n```\n</details>" in shown
