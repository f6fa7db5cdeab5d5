"""Stands in for deployment-scripts/ci.py in the tests of the workflows: records what each step was given.

A step writes the files that the real one writes, with the answers that the test has prepared in
$PREPARED/<step>. Every step but `terraform` asks AWS who it is, so that a job without credentials fails.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import boto3

WITHOUT_AWS = {"lint", "policy", "terraform", "test"}
SETTINGS = ("ARTIFACT_BUCKET", "AWS_REGION", "BUILD_STAGE", "GIT_COMMIT", "SERVICE")


def main(step: str, *arguments: str) -> int:
    """Record the call; returns the exit code that the test has prepared."""
    call = {
        "step": step,
        "arguments": list(arguments),
        "settings": {name: os.environ.get(name, "") for name in SETTINGS},
        "commit": os.environ.get("GITHUB_SHA", ""),
    }
    if step not in WITHOUT_AWS:
        call["identity"] = boto3.client("sts").get_caller_identity()["Arn"]
    with Path(os.environ["CALLS"]).open("a") as file:
        file.write(json.dumps(call) + "\n")
    prepared = Path(os.environ["PREPARED"]) / step
    if prepared.is_dir():
        shutil.copytree(prepared, Path("build/ci") / step, dirs_exist_ok=True)
    code = Path(os.environ["PREPARED"]) / f"{step}.exit"
    return int(code.read_text()) if code.exists() else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
