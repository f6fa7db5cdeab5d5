"""Which plan may be applied for a commit of a protected branch."""

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.github.reviewed import reviewed_commit
from tests.unit.deployment_scripts.github.fakes import FakeApi

MERGE, HEAD = "b" * 40, "a" * 40
PULL = {
    "number": 7, "merged_at": "2026-01-01T10:00:00Z", "merge_commit_sha": MERGE,
    "base": {"ref": "main"}, "head": {"sha": HEAD},
}  # fmt: skip


def api(*pulls, tree="t"):
    return FakeApi(
        {
            f"commits/{MERGE}/pulls": list(pulls),
            f"git/commits/{MERGE}": {"tree": {"sha": "t"}},
            f"git/commits/{HEAD}": {"tree": {"sha": tree}},
        }
    )


def test_that_of_the_merged_pull_request():
    closed = {**PULL, "number": 8, "merged_at": None}
    assert reviewed_commit(api(closed, PULL), MERGE, "main") == HEAD


@pytest.mark.parametrize(
    "pulls",
    [
        [],
        [{**PULL, "merged_at": None}],
        [{**PULL, "merge_commit_sha": HEAD}],
        [{**PULL, "base": {"ref": "development"}}],
        [PULL, {**PULL, "number": 8}],
    ],
)
def test_without_exactly_one_there_is_no_reviewed_plan(pulls):
    with pytest.raises(OperatorError, match="has no reviewed plan"):
        reviewed_commit(api(*pulls), MERGE, "main")


def test_other_files_than_those_of_the_plan_are_refused():
    with pytest.raises(OperatorError, match="main had moved on"):
        reviewed_commit(api(PULL, tree="other"), MERGE, "main")


def test_only_a_commit_is_looked_up():
    with pytest.raises(OperatorError, match="40 hexadecimal digits"):
        reviewed_commit(api(PULL), "main", "main")
