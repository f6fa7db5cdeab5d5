"""Whether a push changes what Terraform deploys."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.github.api import Api

# .github/workflows/apply.yml has the same list.
DEPLOYED = (
    "cicd/**",
    "config/*.schema.json",
    "config/environments/**",
    "infra/**",
    "lambdas/**",
    # Modules that the function infer has too.
    "workflow/ml/config/**",
    "workflow/ml/errors.py",
    "workflow/ml/inference/**",
    "workflow/state_machines/**",
)
# GitHub lists no more files of a comparison.
_LIMIT = 300


def needs_apply(api: Api, before: str, after: str) -> bool:
    """Whether the workflow apply runs for a push, from one commit to another.

    A new branch has no commit before, and a long list is cut off: both count as a change.
    """
    if not before.strip("0"):
        return True
    found: Any = api.get(f"compare/{before}...{after}")
    files = found.get("files")
    if files is None:
        raise OperatorError(f"GitHub lists no files of the push {before}...{after}")
    names = {
        str(file[key]) for file in files for key in ("filename", "previous_filename") if key in file
    }
    return len(files) >= _LIMIT or any(
        fnmatchcase(name, pattern) for name in names for pattern in DEPLOYED
    )
