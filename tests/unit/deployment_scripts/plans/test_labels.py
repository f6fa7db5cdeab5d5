"""Labels from commit messages."""

from __future__ import annotations

import pytest

from landing_zone.plans.labels import labels_in, labels_of

ADDRESS = 'module.storage.aws_s3_bucket.this["second"]'


@pytest.mark.parametrize(("message", "expected"), [
    (f"Remove a bucket\n\nIt is empty.\n\nAllow-Destroy: {ADDRESS}\n", [f"allow-destroy:{ADDRESS}"]),
    (f"Remove it\n\nALLOW-destroy:{ADDRESS}\nReviewed-by: x@example.com", [f"allow-destroy:{ADDRESS}"]),
    ("Two\n\nAllow-Public: a.b\nAllow-Wildcard: c.d", ["allow-public:a.b", "allow-wildcard:c.d"]),
    (f"Allow-Destroy: {ADDRESS}", []),
    (f"Subject\n\nAllow-Destroy: {ADDRESS}\n\nA text follows.", []),
    ("Subject\n\nAllow-Everything: a.b", []),
    ("Subject\n\nAllow-Destroy:", []),
    ("", []),
])  # fmt: skip
def test_labels_are_trailers(message: str, expected: list[str]) -> None:
    assert labels_in(message) == expected


def test_labels_of_a_merge_are_those_of_its_commits_once() -> None:
    one, two = "A\n\nAllow-Destroy: a.b", "B\n\nAllow-Destroy: a.b\nAllow-Public: c.d"

    assert labels_of([one, two]) == ["allow-destroy:a.b", "allow-public:c.d"]
