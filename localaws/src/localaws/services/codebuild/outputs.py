"""UPLOAD_ARTIFACTS: the reports, the artifacts and the cache of a build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.services.codebuild import artifacts
from localaws.services.codebuild.build_log import BuildLog
from localaws.services.codebuild.buildspec import ArtifactSpec, Buildspec
from localaws.services.codebuild.cache import Cache
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.file_patterns import Files
from localaws.services.codebuild.models import Build, Document
from localaws.services.codebuild.reports import Reports

# What a build shows of the settings of an artifact.
_SHOWN = ("encryptionDisabled", "overrideArtifactName", "bucketOwnerAccess")


class Outputs:
    """Uploads what a build has made.

    Args:
        build: gets the ARNs of the reports and the places of the artifacts.
        buildspec: says which files they have.
        files: those of the build.
        s3: a client with the service role.
        log: gets what AWS logs of them.
        expand: the text of a name after the shell of the build has expanded it.
    """

    def __init__(
        self,
        build: Build,
        buildspec: Buildspec,
        files: Files,
        s3: Any,
        log: BuildLog,
        expand: Callable[[str], str],
    ) -> None:
        self._build = build
        self._buildspec = buildspec
        self._files = files
        self._s3 = s3
        self._log = log
        self._expand = expand
        self._uploader = artifacts.Uploader(
            s3, build.request.encryption_key, build.uuid, files.directories.base
        )

    def upload(self, reports: Reports, cache: Cache | None) -> None:
        """Upload everything.

        Args:
            reports: keeps the reports.
            cache: is saved; None when there is none, or when a command has failed.

        Raises:
            PhaseError: something is missing, or S3 refused it.
        """
        build, secondary_specs = self._build, self._buildspec.secondary_artifacts
        for report in self._buildspec.reports:
            reports.add(build, report, self._files, self._s3, self._log.say)
        primary = build.request.artifacts
        if primary["type"] == "S3":
            # With several output artifacts, an action of a pipeline names the first one too.
            spec = secondary_specs.get(
                primary.get("artifactIdentifier", ""), self._buildspec.artifacts
            )
            build.artifact = self._upload_one(primary, spec)
        for secondary in build.request.secondary_artifacts:
            identifier = secondary["artifactIdentifier"]
            self._log.say(f"Preparing to copy secondary artifacts {identifier}")
            result = self._upload_one(secondary, secondary_specs.get(identifier))
            build.secondary_artifact.append({"artifactIdentifier": identifier, **result})
        if cache:
            cache.save()

    def _upload_one(self, settings: Document, spec: ArtifactSpec | None) -> Document:
        if spec is None:
            name = settings.get("artifactIdentifier") or "the primary artifact"
            raise PhaseError("CLIENT_ERROR", f"the buildspec has no artifacts for {name}")
        found = artifacts.collect(spec, self._files, self._log.say)
        name = settings.get("name") or self._build.request.project
        if settings.get("overrideArtifactName") and spec.name:
            name = self._expand(spec.name)
        result = self._uploader.upload(settings, name, found, links=spec.enable_symlinks)
        return {**{key: settings[key] for key in _SHOWN if key in settings}, **result}
