"""Which plan was reviewed for a commit on a protected branch: that of the pull request it came from."""

from __future__ import annotations

import re
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.github.api import Api

_COMMIT = re.compile(r"[0-9a-f]{40}")


def reviewed_commit(api: Api, commit: str, branch: str) -> str:
    """The head of the merged pull request, when its files are exactly those of the commit.

    A plan is made for the files of the pull request. If the branch had moved on before the merge, the files
    differ and nobody has seen a plan for them.
    """
    if not _COMMIT.fullmatch(commit):
        raise OperatorError(f"commit is {commit!r}; allowed: 40 hexadecimal digits")
    merged = [
        pull
        for pull in api.get(f"commits/{commit}/pulls")
        if pull.get("merged_at")
        and pull.get("merge_commit_sha") == commit
        and pull["base"]["ref"] == branch
    ]
    if len(merged) != 1:
        raise OperatorError(
            f"commit {commit} on {branch} is the merge of {len(merged)} pull requests, but must be that "
            "of one: what was pushed directly has no reviewed plan. Open a pull request."
        )
    head = str(merged[0]["head"]["sha"])
    if _tree(api, head) != _tree(api, commit):
        raise OperatorError(
            f"the files of {commit} are not those of {head}, for which the plan of pull request "
            f"{merged[0]['number']} was made: {branch} had moved on. Open a pull request with the "
            "change again, up to date with the branch, and require that in the branch protection."
        )
    return head


def _tree(api: Api, commit: str) -> Any:
    return api.get(f"git/commits/{commit}")["tree"]["sha"]
