"""Create a team's own landing zone repository, which can take later versions of this one.

    make new NAME=forecast DIR=../forecast OWNER=@example/ml
    python deployment-scripts/new.py forecast --dir ../forecast --owner @example/ml

The new folder is a clone with the whole history: a later version is merged, and Git can merge only what has
a common commit. The name becomes the service, the first part of every resource's name (config/settings.env).
The remote `upstream` leads back here and cannot be pushed to; `origin` is yours.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import DEPLOYMENT, ROOT, Settings
from landing_zone.sources.team import Team, create

_SERVICE = next(setting for setting in DEPLOYMENT if setting.name == "SERVICE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help=f"name of the service: {_SERVICE.allowed}")
    parser.add_argument(
        "--dir", type=Path, help="folder to create; default: beside this one, with the name"
    )
    parser.add_argument(
        "--owner", default="", help="who approves changes: @user or @organisation/team"
    )
    parser.add_argument("--origin", default="", help="URL of the team's empty repository")
    parser.add_argument(
        "--upstream", default="", help="URL for updates; default: this checkout's origin"
    )


def run(args: argparse.Namespace, _settings: Settings) -> int:
    _, problem = _SERVICE.read({"SERVICE": args.name})
    if problem or not args.name:
        raise OperatorError(f"the name is {args.name!r}; allowed: {_SERVICE.allowed}")
    folder = (args.dir or ROOT.parent / args.name).resolve()
    print(f"cloning {ROOT} into {folder}")
    commit = create(ROOT, folder, Team(args.name, args.owner, args.origin), args.upstream)
    print(f"{folder} is the landing zone {args.name}, from {commit[:12]}. Next:")
    print(f"  cd {folder} && make local")
    if not args.owner:
        print("  put your team into .github/CODEOWNERS")
    if not args.origin:
        print("  git remote add origin URL_OF_AN_EMPTY_REPOSITORY")
    print("  git push -u origin main")
    print("Later: make update merges what is new here (docs/updating.md)")
    return 0
