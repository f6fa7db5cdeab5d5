"""The sources of a build: zip archives in S3, and clones of Git repositories."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.errors import AwsError
from localaws.services.codebuild import archives
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.machine import ROOT
from localaws.services.codebuild.models import BuildRequest, Document
from localaws.services.codebuild.project_check import repository_name
from localaws.services.git.repository import Repository

CLONE_REFERENCE: Final = "codebuild_clone_ref.json"
_SPOOL_BYTES: Final = 64 << 20

FindRepository = Callable[[Document], Repository]
"""From a Git source to its repository. Raises AwsError in the words of AWS."""


@dataclass(frozen=True)
class Place:
    """One source and its directory."""

    source: Document
    version: str | None
    directory: str
    """As the build sees it."""

    @property
    def identifier(self) -> str:
        """Empty for the primary source."""
        identifier: str = self.source.get("sourceIdentifier", "")
        return identifier


def places(request: BuildRequest, number: int) -> list[Place]:
    """Where the sources of a build are: the primary one first.

    Args:
        request: has the sources.
        number: makes the directory of this build differ from those of others.
    """
    top = f"{ROOT}/output/src{number}/src"
    several = bool(request.secondary_sources)
    found = []
    for index, source in enumerate((request.source, *request.secondary_sources)):
        version = (
            request.secondary_versions.get(source.get("sourceIdentifier", ""))
            if index
            else request.source_version
        )
        if source["type"] == "GITHUB":
            directory = f"{top}/github.com/{repository_name(source)}"
        elif source["type"] == "CODECOMMIT":
            directory = f"{top}/{source['location'].removeprefix('https://')}"
        else:
            directory = f"{top}/s3/{index:02}" if several else top
        found.append(Place(source, version, directory))
    return found


class Downloader:
    """Puts sources into their directories.

    Args:
        s3: a client with the service role.
        region: that of the build.
        find_repository: finds the repository of a Git source.
        spawn: runs a command and returns its exit status and output; ends it when the build ends.
    """

    def __init__(
        self,
        s3: Any,
        region: str,
        find_repository: FindRepository,
        spawn: Callable[[list[str]], tuple[int, str]],
    ) -> None:
        self._s3 = s3
        self._region = region
        self._find_repository = find_repository
        self._spawn = spawn

    def download(self, place: Place, directory: Path, *, in_pipeline: bool) -> str | None:
        """Fill a directory. Returns the resolved version: the commit id, or None.

        Raises:
            PhaseError: the source cannot be had.
        """
        directory.mkdir(parents=True, exist_ok=True)
        kind = place.source["type"]
        if kind == "S3":
            return self._download_s3(place, directory, in_pipeline)
        if kind in ("GITHUB", "CODECOMMIT"):
            return self._clone(place.source, place.version, directory)
        return None

    def _download_s3(self, place: Place, directory: Path, in_pipeline: bool) -> str | None:
        bucket, _, key = place.source["location"].removeprefix("arn:aws:s3:::").partition("/")
        try:
            if key.endswith("/"):
                self._download_folder(bucket, key, directory)
                return None
            version = {"VersionId": place.version} if place.version and not in_pipeline else {}
            answer = self._s3.get_object(Bucket=bucket, Key=key, **version)
            with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as archive:
                shutil.copyfileobj(answer["Body"], archive)
                archive.seek(0)
                archives.unpack(archive, directory)
        except (ClientError, BotoCoreError) as error:
            raise PhaseError(
                "CLIENT_ERROR", f"{_words(error)} for {_which(place)} source"
            ) from error
        reference = directory / CLONE_REFERENCE
        if in_pipeline and reference.is_file() and len(list(directory.iterdir())) == 1:
            document = json.loads(reference.read_text())
            reference.unlink()
            return self._clone(_git_source(document, self._region), document["commitId"], directory)
        return place.version if in_pipeline else None

    def _download_folder(self, bucket: str, prefix: str, directory: Path) -> None:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for item in (item for page in pages for item in page.get("Contents", [])):
            target = directory / item["Key"].removeprefix(prefix)
            if item["Key"].endswith("/") or not target.resolve().is_relative_to(
                directory.resolve()
            ):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                _copy(self._s3.get_object(Bucket=bucket, Key=item["Key"])["Body"], file)

    def _clone(self, source: Document, version: str | None, directory: Path) -> str:
        try:
            repository = self._find_repository(source)
        except AwsError as error:
            raise PhaseError("CLIENT_ERROR", f"{error.code}: {error.message}") from error
        found = repository.resolve(version or "HEAD")
        if found is None:
            raise PhaseError("CLIENT_ERROR", "reference not found for primary source")
        commit = found.id
        depth = source.get("gitCloneDepth", 0)
        git = ["git", "-C", str(directory), "-c", "advice.detachedHead=false"]
        wanted = (
            [f"--depth={depth}", repository.path.as_uri(), commit]
            if depth
            else ["--tags", repository.path.as_uri(), commit, "+refs/heads/*:refs/remotes/origin/*"]
        )
        # A depth of a branch may not reach an older commit, so the commit itself is asked for.
        server = "--upload-pack=git -c uploadpack.allowAnySHA1InWant=true upload-pack"
        for words, command in (
            ("create", [*git, "init", "--quiet"]),
            ("create", [*git, "remote", "add", "origin", source["location"]]),
            ("fetch", [*git, "fetch", "--quiet", server, *wanted]),
            ("check out", [*git, "checkout", "--quiet", "--detach", commit]),
        ):
            status, output = self._spawn(command)
            if status:
                raise PhaseError(
                    "CLIENT_ERROR", f"git could not {words} {source['location']}: {output.strip()}"
                )
        return commit


def git_settings(found: list[Place], endpoint_url: str) -> str:
    """The settings of Git with which commands reach the repositories behind connections.

    The sources keep the URLs of the provider, which lead to this server here.
    """
    urls = {
        place.source["location"]: f"{endpoint_url}/{repository_name(place.source)}.git"
        for place in found
        if place.source["type"] == "GITHUB"
    }
    return "".join(f'[url "{here}"]\n\tinsteadOf = {there}\n' for there, here in urls.items())


def _git_source(reference: Document, region: str) -> Document:
    """The Git source that an artifact of the format CODEBUILD_CLONE_REF names."""
    if reference.get("connectionArn"):
        return {
            "type": "GITHUB",
            "location": f"https://github.com/{reference['fullRepositoryId']}.git",
            "auth": {"type": "CODECONNECTIONS", "resource": reference["connectionArn"]},
        }
    host = f"git-codecommit.{region}.amazonaws.com"
    return {
        "type": "CODECOMMIT",
        "location": f"https://{host}/v1/repos/{reference['repositoryName']}",
    }


def _which(place: Place) -> str:
    return f"secondary source {place.identifier} and" if place.identifier else "primary"


def _words(error: Exception) -> str:
    if isinstance(error, ClientError):
        details = error.response["Error"]
        return f"{details.get('Code')}: {details.get('Message')}"
    return str(error)


def _copy(body: IO[bytes], file: IO[bytes]) -> None:
    shutil.copyfileobj(body, file)
