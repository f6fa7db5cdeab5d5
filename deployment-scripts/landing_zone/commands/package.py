"""Build what is deployed beside the Terraform: the Lambda packages and the job code.

    python deployment-scripts/package.py

    build/lambdas/{function}.zip    handler.py, the function's modules, common/, schemas, dependencies
    build/code/                     the job scripts, ml/, and sourcedir.tar.gz with all of them
    build/code/CODE_VERSION         12 characters of a SHA-256 over the job code

The same sources give the same bytes. No network is needed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from landing_zone.core.settings import ROOT, Settings
from landing_zone.core.timing import Steps
from landing_zone.sources.package import build, summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build", help="default: build/")


def run(args: argparse.Namespace, _: Settings) -> int:
    steps = Steps()
    with steps.step("package"):
        written = build(ROOT, args.build_dir)
    print(summary(written, args.build_dir))
    print(f"packaged in {steps.seconds['package']:.2f} s")
    return 0
