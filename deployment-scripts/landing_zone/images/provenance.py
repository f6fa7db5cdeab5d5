"""Statements about an image: in-toto with SLSA provenance, and with its bill of materials.

https://slsa.dev/spec/v1.0/provenance and https://in-toto.io/Statement/v1 describe the formats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BILL_OF_MATERIALS = "https://cyclonedx.org/bom"
_BUILD_TYPE = "urn:mlops-landing-zone:build:dockerfile:v1"


@dataclass(frozen=True)
class Build:
    """How an image was built."""

    image: str
    digest: str
    commit: str
    # Where the commit comes from, without credentials; empty where nobody knows.
    repository: str
    # Files that decide what is in the image, by their path.
    materials: Mapping[str, str]
    base_images: Sequence[str]
    arguments: Mapping[str, str]
    builder: str
    invocation: str
    started: str
    finished: str


def statement(image: str, digest: str, predicate_type: str, predicate: Any) -> dict[str, Any]:
    """A statement whose subject is the image with this digest."""
    algorithm, _, value = digest.partition(":")
    return {
        "_type": STATEMENT,
        "subject": [{"name": image, "digest": {algorithm: value}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def provenance(build: Build) -> dict[str, Any]:
    """The SLSA provenance of a build."""
    source = {"uri": f"git+{build.repository}" if build.repository else "git",
              "digest": {"gitCommit": build.commit}}  # fmt: skip
    files = [
        {"uri": f"file:{path}", "digest": {"sha256": sha256}}
        for path, sha256 in sorted(build.materials.items())
    ]
    predicate = {
        "buildDefinition": {
            "buildType": _BUILD_TYPE,
            "externalParameters": {
                "dockerfile": "workflow/container/Dockerfile",
                "arguments": dict(sorted(build.arguments.items())),
                "source": source,
            },
            "resolvedDependencies": [source, *files, *map(_base, build.base_images)],
        },
        "runDetails": {
            "builder": {"id": build.builder},
            "metadata": {
                "invocationId": build.invocation,
                "startedOn": build.started,
                "finishedOn": build.finished,
            },
        },
    }
    return statement(build.image, build.digest, PROVENANCE, predicate)


def materials(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each file."""
    return {path: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in paths}


def builder_of(environ: Mapping[str, str]) -> tuple[str, str]:
    """Who builds, and the id of the run: CodeBuild, GitHub Actions, or a person."""
    if arn := environ.get("CODEBUILD_BUILD_ARN"):
        return arn.rsplit(":", 1)[0], arn
    if run := environ.get("GITHUB_RUN_ID"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        repository = environ.get("GITHUB_REPOSITORY", "")
        where = f"{server}/{repository}"
        attempt = environ.get("GITHUB_RUN_ATTEMPT", "1")
        workflow = environ.get("GITHUB_WORKFLOW_REF", repository)
        return f"{server}/{workflow}", f"{where}/actions/runs/{run}/attempts/{attempt}"
    return "urn:mlops-landing-zone:builder:person", ""


def _base(name: str) -> dict[str, Any]:
    tagged, _, digest = name.partition("@")
    found: dict[str, Any] = {"uri": f"docker://{tagged}"}
    if digest:
        algorithm, _, value = digest.partition(":")
        found["digest"] = {algorithm: value}
    return found
