"""CodeBuild for the tests: a role, a bucket, and short ways to run builds."""

from __future__ import annotations

import io
import itertools
import json
import time
import zipfile
from dataclasses import dataclass, field
from typing import Any

from localaws.testing import REGION, LocalAws
from zips import make_zip

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "codebuild.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/standard:7.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}
BUCKET = "codebuild-tests"
LIMIT_SECONDS = 60


@dataclass
class CodeBuild:
    """CodeBuild of a server, with a role and a bucket."""

    server: LocalAws
    _numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.api = self.server.client("codebuild")
        self.s3 = self.server.client("s3")
        self.logs = self.server.client("logs")
        self.role = self.server.client("iam").create_role(
            RoleName="codebuild-tests", AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def project(self, buildspec: str | None = None, **more: Any) -> str:
        """Create a project without a source, unless ``more`` says otherwise. Returns its name."""
        name = f"project-{next(self._numbers)}"
        self.api.create_project(
            **{
                "name": name,
                "source": {"type": "NO_SOURCE", "buildspec": buildspec},
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": ENVIRONMENT,
                "serviceRole": self.role,
                **more,
            }
        )
        return name

    def upload(self, files: dict[str, str]) -> str:
        """Put a zip archive into the bucket. Returns its location."""
        key = f"sources/{next(self._numbers)}.zip"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=make_zip(files))
        return f"{BUCKET}/{key}"

    def run(self, project: str, **overrides: Any) -> dict[str, Any]:
        """Run a build to its end."""
        return self.wait(self.api.start_build(projectName=project, **overrides)["build"]["id"])

    def get(self, build_id: str) -> dict[str, Any]:
        """A build as it is now."""
        return self.api.batch_get_builds(ids=[build_id])["builds"][0]

    def wait(self, build_id: str, phase: str = "COMPLETED") -> dict[str, Any]:
        """Wait until a build has reached a phase."""
        end = time.monotonic() + LIMIT_SECONDS
        while True:
            build = self.get(build_id)
            if build["buildComplete"] or phase in (p["phaseType"] for p in build["phases"]):
                return build
            assert time.monotonic() < end, f"{build_id} is in {build['currentPhase']}"
            time.sleep(0.02)

    def log(self, build: dict[str, Any]) -> str:
        """The log of a build that has ended."""
        place = build["logs"]
        events = self.logs.get_log_events(
            logGroupName=place["groupName"], logStreamName=place["streamName"], startFromHead=True
        )["events"]
        return "".join(event["message"] for event in events)

    def artifact(self, key: str) -> dict[str, str]:
        """The files of a zip archive in the bucket."""
        body = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}


def phase(build: dict[str, Any], kind: str) -> dict[str, Any]:
    """A phase of a build."""
    return next(found for found in build["phases"] if found["phaseType"] == kind)


def context(build: dict[str, Any], kind: str) -> tuple[str, str, str]:
    """Status of a phase, and code and message of its context."""
    found = phase(build, kind)
    return (
        found["phaseStatus"],
        found["contexts"][0]["statusCode"],
        found["contexts"][0]["message"],
    )
