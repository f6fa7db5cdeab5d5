"""The checks of AWS on a project and on the overrides of a build, and what is refused by name."""

from __future__ import annotations

import re
from typing import Any, Final

from localaws.services.codebuild.errors import invalid_input, refused
from localaws.services.codebuild.models import Document

SOURCES: Final = frozenset({"NO_SOURCE", "S3", "CODECOMMIT", "GITHUB", "CODEPIPELINE"})
_COMPUTE: Final = frozenset(
    f"BUILD_GENERAL1_{size}" for size in ("SMALL", "MEDIUM", "LARGE", "XLARGE", "2XLARGE")
)
_IMAGE = re.compile(r"aws/codebuild/(?!.*(?:aarch64|arm|lambda|mac|windows))[\w.-]+:[\w.-]+")
_OWN_IMAGE = re.compile(r"\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com/.+")
_LOCATIONS: Final = {
    "CODECOMMIT": re.compile(r"https://git-codecommit\.[\w-]+\.amazonaws\.com/v1/repos/([\w.-]+)"),
    "GITHUB": re.compile(r"https://(?:[^/@]+@)?github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?"),
    "S3": re.compile(r"[^/]+/.+"),
}
_LOCATION_EXAMPLES: Final = {
    "CODECOMMIT": "https://git-codecommit.<region>.amazonaws.com/v1/repos/<name>",
    "GITHUB": "https://github.com/<owner>/<repository>.git",
    "S3": "<bucket>/<key>",
}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def repository_name(source: Document) -> str:
    """The name of the repository in the location of a Git source."""
    found = _LOCATIONS[source["type"]].fullmatch(source["location"])
    assert found, source
    return found[1]


def check_project(document: Document) -> None:
    """Refuse a project that AWS refuses, or that cannot run here.

    Raises:
        AwsError: InvalidInputException.
    """
    source, artifacts = document["source"], document["artifacts"]
    if (source["type"] == "CODEPIPELINE") != (artifacts["type"] == "CODEPIPELINE"):
        raise invalid_input(
            "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: "
            "CODEPIPELINE"
        )
    check_source(source)
    for secondary in document.get("secondarySources", []):
        check_source(secondary, secondary=True)
    check_artifacts(artifacts)
    for secondary in document.get("secondaryArtifacts", []):
        check_artifacts(secondary, secondary=True)
    check_environment(document["environment"])
    check_logs(document.get("logsConfig", {}))
    check_cache(document.get("cache", {}))
    if document.get("vpcConfig", {}).get("vpcId"):
        raise refused("vpcConfig", "A build uses the network of this machine: leave it out.")
    if document.get("fileSystemLocations"):
        raise refused("fileSystemLocations", "There is no EFS: leave them out.")
    if document.get("buildBatchConfig", {}).get("serviceRole"):
        raise refused("buildBatchConfig", "There are no batch builds: leave it out.")
    if document.get("badgeEnabled"):
        if source["type"] == "CODEPIPELINE":
            raise invalid_input("Build badges are not supported for CodePipeline source")
        raise refused("badgeEnabled", "There are no build badges: set it to false.")


def check_source(source: Document, *, secondary: bool = False) -> None:
    """Refuse a source that AWS refuses, or that cannot be downloaded here."""
    kind = source["type"]
    if kind not in SOURCES:
        raise refused(f"the source type {kind}", f"Use one of {', '.join(sorted(SOURCES))}.")
    if secondary:
        _check_identifier(source.get("sourceIdentifier"), "sourceIdentifier", "secondarySources")
    if source.get("gitSubmodulesConfig", {}).get("fetchSubmodules"):
        raise refused("gitSubmodulesConfig.fetchSubmodules", "Set it to false.")
    for name in ("reportBuildStatus", "insecureSsl"):
        if source.get(name):
            raise refused(f"source.{name}", "Set it to false.")
    if source.get("buildStatusConfig"):
        raise refused("source.buildStatusConfig", "Leave it out.")
    location = source.get("location", "")
    if kind == "NO_SOURCE":
        if location:
            raise invalid_input("Invalid project source: location must not be set for NO_SOURCE")
        if not secondary and not source.get("buildspec"):
            raise invalid_input(
                "Invalid project source: buildspec must be set when the source type is NO_SOURCE"
            )
    elif kind != "CODEPIPELINE" and not _LOCATIONS[kind].fullmatch(location):
        raise invalid_input(
            f"Invalid project source: location is {location!r}, which must have the form "
            f"{_LOCATION_EXAMPLES[kind]} for the source type {kind}"
        )
    auth = source.get("auth", {})
    if auth.get("type") == "CODECONNECTIONS" and not auth.get("resource"):
        raise invalid_input("Invalid project source: auth.resource must be the ARN of a connection")
    if auth.get("type") == "SECRETS_MANAGER":
        raise refused("the source authorization SECRETS_MANAGER", "Use CODECONNECTIONS.")


def _check_identifier(value: Any, name: str, where: str) -> None:
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise invalid_input(
            f"Invalid {where}: {name} is {value!r}, but must have letters, digits and underscores only"
        )


def check_artifacts(artifacts: Document, *, secondary: bool = False) -> None:
    """Refuse artifacts without what their type needs."""
    kind = artifacts["type"]
    if secondary:
        _check_identifier(
            artifacts.get("artifactIdentifier"), "artifactIdentifier", "secondaryArtifacts"
        )
    if kind == "S3":
        if not artifacts.get("location"):
            raise invalid_input("Invalid artifacts: location must be set for the type S3")
    elif kind == "NO_ARTIFACTS" and any(
        artifacts.get(name) for name in ("location", "path", "name")
    ):
        raise invalid_input(
            "Invalid artifacts: artifact type NO_ARTIFACTS should have null location"
        )


def check_environment(environment: Document) -> None:
    """Refuse an environment that this machine is not."""
    if environment["type"] != "LINUX_CONTAINER":
        raise refused(f"the environment type {environment['type']}", "Use LINUX_CONTAINER.")
    if environment["computeType"] not in _COMPUTE:
        raise refused(
            f"the compute type {environment['computeType']}",
            f"Use one of {', '.join(sorted(_COMPUTE))}.",
        )
    for name in ("computeConfiguration", "fleet", "dockerServer", "certificate", "registryCredential",
                 "hostKernel"):  # fmt: skip
        if environment.get(name):
            raise refused(f"environment.{name}", "Leave it out.")
    check_image(environment["image"])
    check_variables(environment.get("environmentVariables", []))


def is_managed_image(image: str) -> bool:
    """Whether CodeBuild itself provides an image."""
    return bool(_IMAGE.fullmatch(image))


def check_image(image: str) -> None:
    """Refuse an image that is neither CodeBuild's own for Linux nor in a repository of ECR."""
    if not is_managed_image(image) and not _OWN_IMAGE.fullmatch(image):
        raise refused(
            f"the environment image {image!r}",
            "Use an image of CodeBuild for Linux on x86_64 (aws/codebuild/...), which stands for the "
            "programs of this machine, or an image that was pushed to ECR here.",
        )


def check_variables(variables: list[Document]) -> None:
    """Refuse a variable that is there twice."""
    names = [variable["name"] for variable in variables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid_input(
            f"Invalid environment variables: duplicate environment variable names: {', '.join(twice)}"
        )


def check_logs(logs: Document) -> None:
    """Refuse logs without a place."""
    s3 = logs.get("s3Logs", {})
    if s3.get("status") == "ENABLED" and not s3.get("location"):
        raise invalid_input("Invalid logs config: s3Logs.location must be set when it is ENABLED")


def check_cache(cache: Document) -> None:
    """Refuse a cache without a place."""
    if cache.get("type") == "S3" and not cache.get("location"):
        raise invalid_input("Invalid cache: location must be set for the type S3")
    if cache.get("type") == "LOCAL" and not cache.get("modes"):
        raise invalid_input("Invalid cache: modes must be set for the type LOCAL")
