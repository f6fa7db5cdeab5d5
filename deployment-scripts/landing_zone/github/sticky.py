"""One comment, and one issue, that are written once and then updated in place."""

from __future__ import annotations

import re
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.github.api import Api, NotFoundError

# https://docs.github.com/en/rest/issues/comments: a comment has at most 65,536 characters.
LIMIT = 65_536
_MARKER = re.compile(r"<!-- [^\n]+ -->")
_OPEN, _CLOSE = "<details>", "</details>"
# Only what the workflows have written is updated: anybody can write a comment with the same first line.
_AUTHOR = "github-actions[bot]"


def marker_of(body: str) -> str:
    """The first line, by which the comment is found again."""
    first = body.partition("\n")[0].strip()
    if not _MARKER.fullmatch(first):
        raise OperatorError(
            f"the first line is {first[:80]!r}, but must be a comment of HTML that names the text, "
            "such as <!-- landing-zone: plan of ml-core production -->"
        )
    return first


def cut(body: str, link: str, limit: int = LIMIT) -> str:
    """The body with a link at its end; the last lines give way when there is no room for them."""
    end = f"\n\n{link}\n"
    if len(body) + len(end) <= limit:
        return body.rstrip("\n") + end
    end = f"\n\nThe rest is cut off: {link}\n"
    # Room for the sections that are closed below.
    lines = body[: limit - len(end) - 100].split("\n")[:-1]
    kept = "\n".join(lines)
    unclosed = kept.count(_OPEN) - kept.count(_CLOSE)
    if kept.count("```") % 2:
        kept += "\n```"
    return kept + f"\n{_CLOSE}" * unclosed + end


def put_comment(api: Api, number: int, body: str) -> str:
    """Write the comment of an issue or pull request, or update it; returns its address."""
    marker = marker_of(body)
    found = _find(api.pages(f"issues/{number}/comments"), marker)
    if found:
        answer = api.send("PATCH", f"issues/comments/{found['id']}", {"body": body})
    else:
        answer = api.send("POST", f"issues/{number}/comments", {"body": body})
    return str(answer["html_url"])


def put_issue(api: Api, title: str, label: str, body: str) -> str:
    """Open the issue with this label, or update the open one; returns its address."""
    found = _find(api.pages(f"issues?state=open&labels={label}"), marker_of(body))
    if found:
        answer = api.send("PATCH", f"issues/{found['number']}", {"title": title, "body": body})
    else:
        new = {"title": title, "labels": [label], "body": body}
        answer = api.send("POST", "issues", new)
    return str(answer["html_url"])


def close_issue(api: Api, label: str, body: str) -> str | None:
    """Close the open issue with this label and marker, with its last text; None where there is none."""
    found = _find(api.pages(f"issues?state=open&labels={label}"), marker_of(body))
    if found is None:
        return None
    closed = {"state": "closed", "state_reason": "completed", "body": body}
    return str(api.send("PATCH", f"issues/{found['number']}", closed)["html_url"])


def set_label(api: Api, number: int, label: str, others: tuple[str, ...]) -> None:
    """Put a label on a pull request in place of the others."""
    for other in others:
        if other != label:
            try:
                api.send("DELETE", f"issues/{number}/labels/{other}", {})
            except NotFoundError:
                # The pull request does not have it.
                continue
    api.send("POST", f"issues/{number}/labels", {"labels": [label]})


def _find(items: Any, marker: str) -> dict[str, Any] | None:
    for item in items:
        first = str(item.get("body") or "").partition("\n")[0].strip()
        if first == marker and item["user"]["login"] == _AUTHOR and "pull_request" not in item:
            found: dict[str, Any] = item
            return found
    return None
