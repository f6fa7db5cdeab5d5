"""Take a later version of the landing zone into a team's repository, as a branch for a pull request.

    make update                                     the newest version
    python deployment-scripts/update.py --to v1.2   a tag or a branch of the landing zone

Fetches from the remote `upstream`, which `make new` has set, and merges in a branch of its own. Where both
sides changed the same lines, the files are named and the merge is left for you to finish. Nothing is pushed.
"""

from __future__ import annotations

import argparse

from landing_zone.core.settings import ROOT, Settings
from landing_zone.sources.team import BRANCH, update


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", default=BRANCH, help=f"branch or tag of the landing zone; default: {BRANCH}"
    )


def run(args: argparse.Namespace, _: Settings) -> int:
    found = update(ROOT, args.to)
    if found is None:
        print("nothing is new in the landing zone")
        return 0
    print(f"{len(found.commits)} new commits, in the branch {found.branch}:")
    for commit in found.commits[:20]:
        print(f"  {commit}")
    if len(found.commits) > 20:
        print(f"  and {len(found.commits) - 20} more: git log HEAD^1..HEAD")
    if found.conflicts:
        print("Both sides changed these files; merge them, then `git add` and `git commit`:")
        for file in found.conflicts:
            print(f"  {file}")
        return 1
    print(f"merged without conflicts. Test it, then: git push -u origin {found.branch}")
    return 0
