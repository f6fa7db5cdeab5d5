"""The log of a build: CloudWatch Logs and S3, in the format of CodeBuild, without secrets."""

from __future__ import annotations

import gzip
from typing import Any

from localaws.core.context import Context
from localaws.services.codebuild.environment import Masks
from localaws.services.codebuild.models import Build
from localaws.services.codebuild.views import log_place, s3_log_place


class BuildLog:
    """Writes lines."""

    def __init__(self, context: Context, build: Build) -> None:
        self.masks = Masks()
        self._clock = context.clock
        self._build = build
        logs = build.request.logs
        in_cloudwatch = logs["cloudWatchLogs"]["status"] == "ENABLED"
        self._writer = context.log_writer(*log_place(build)) if in_cloudwatch else None
        self._kept: list[str] | None = [] if logs["s3Logs"]["status"] == "ENABLED" else None

    def output(self, line: str) -> None:
        """A line that a command has written."""
        masked = self.masks.apply(line)
        if self._writer:
            self._writer.write(masked + "\n")
        if self._kept is not None:
            self._kept.append(masked)

    def say(self, text: str) -> None:
        """A line of CodeBuild itself."""
        moment = self._clock.now().strftime("%Y/%m/%d %H:%M:%S.%f")
        self.output(f"[Container] {moment} {text}")

    def upload(self, s3: Any) -> None:
        """Put the log into S3, when the project says so."""
        if self._kept is None:
            return
        bucket, key = s3_log_place(self._build)
        body = gzip.compress("".join(f"{line}\n" for line in self._kept).encode())
        settings = self._build.request.logs["s3Logs"]
        extra = {} if settings.get("encryptionDisabled") else {"ServerSideEncryption": "aws:kms"}
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-gzip", **extra)

    def close(self) -> None:
        """Send the last lines."""
        if self._writer:
            self._writer.close()
