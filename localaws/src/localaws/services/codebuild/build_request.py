"""What a build does: the settings of its project, and what StartBuild overrides."""

from __future__ import annotations

from typing import Any, Final

from localaws.services.codebuild import project_check
from localaws.services.codebuild.errors import invalid_input, refused
from localaws.services.codebuild.models import BuildRequest, Document

_REFUSED: Final = {
    "insecureSslOverride": "Leave it out.",
    "reportBuildStatusOverride": "Leave it out.",
    "buildStatusConfigOverride": "Leave it out.",
    "certificateOverride": "Leave it out.",
    "registryCredentialOverride": "Leave it out.",
    "debugSessionEnabled": "There is no Session Manager: leave it out.",
    "fleetOverride": "Leave it out.",
    "hostKernelOverride": "Leave it out.",
}


def resolve(
    project: Document,
    params: Document,
    initiator: str,
    webhook: dict[str, str] | None = None,
    commit: str | None = None,
) -> BuildRequest:
    """The request for one build.

    Args:
        project: the project in the shape of the API.
        params: the input of StartBuild.
        initiator: who starts it, for example ``codepipeline/<pipeline>``.
        webhook: the variables of the webhook event that starts it.
        commit: the commit of that event.

    Raises:
        AwsError: InvalidInputException.
    """
    for name, advice in _REFUSED.items():
        if params.get(name):
            raise refused(name, advice)
    source = _source(project, params)
    in_pipeline = initiator.startswith("codepipeline/")
    artifacts = params.get("artifactsOverride") or project["artifacts"]
    if "CODEPIPELINE" in (source["type"], artifacts["type"]):
        raise invalid_input(
            f"Project {project['name']} has the source type CODEPIPELINE: its builds are started by an "
            "action of CodePipeline, or with the overrides of the source and of the artifacts"
        )
    secondary_sources = _either(params, "secondarySourcesOverride", project, "secondarySources", [])
    secondary_artifacts = _either(
        params, "secondaryArtifactsOverride", project, "secondaryArtifacts", []
    )
    if in_pipeline and "artifactsOverride" in params:
        secondary_artifacts = params.get("secondaryArtifactsOverride", [])
        secondary_sources = params.get("secondarySourcesOverride", [])
    project_check.check_source({"buildspec": "x", **source})
    for secondary in secondary_sources:
        project_check.check_source(secondary, secondary=True)
    project_check.check_artifacts(artifacts)
    for secondary in secondary_artifacts:
        project_check.check_artifacts(secondary, secondary=True)
    if source["type"] == "NO_SOURCE" and not source.get("buildspec"):
        raise invalid_input("buildspec must be set when the source type is NO_SOURCE")
    variables = params.get("environmentVariablesOverride", [])
    project_check.check_variables(variables)
    return BuildRequest(
        project=project["name"],
        source=source,
        secondary_sources=tuple(secondary_sources),
        source_version=params.get("sourceVersion") or project.get("sourceVersion"),
        secondary_versions={
            item["sourceIdentifier"]: item["sourceVersion"]
            for item in _either(
                params, "secondarySourcesVersionOverride", project, "secondarySourceVersions", []
            )
        },
        artifacts=artifacts,
        secondary_artifacts=tuple(secondary_artifacts),
        cache=_checked_cache(params.get("cacheOverride") or project.get("cache") or {}),
        environment=_environment(project["environment"], params),
        variables=tuple(variables),
        service_role=_either(params, "serviceRoleOverride", project, "serviceRole"),
        logs=_logs(project.get("logsConfig", {}), params.get("logsConfigOverride", {})),
        timeout_minutes=_either(params, "timeoutInMinutesOverride", project, "timeoutInMinutes"),
        queued_timeout_minutes=_either(
            params, "queuedTimeoutInMinutesOverride", project, "queuedTimeoutInMinutes"
        ),
        encryption_key=_either(params, "encryptionKeyOverride", project, "encryptionKey"),
        initiator=initiator,
        concurrent_limit=project.get("concurrentBuildLimit"),
        auto_retry_limit=0
        if in_pipeline
        else _either(params, "autoRetryLimitOverride", project, "autoRetryLimit", 0),
        webhook=webhook or {},
        commit=commit,
    )


def _either(
    params: Document, override: str, project: Document, name: str, default: Any = None
) -> Any:
    """What StartBuild overrides, otherwise what the project says."""
    return params[override] if override in params else project.get(name, default)


def _source(project: Document, params: Document) -> Document:
    source: Document = dict(project["source"])
    if "sourceTypeOverride" in params and params["sourceTypeOverride"] != source["type"]:
        source = {
            "type": params["sourceTypeOverride"],
            **{key: source[key] for key in ("buildspec",) if key in source},
        }
    for name, override in (
        ("location", "sourceLocationOverride"),
        ("buildspec", "buildspecOverride"),
        ("gitCloneDepth", "gitCloneDepthOverride"),
        ("gitSubmodulesConfig", "gitSubmodulesConfigOverride"),
        ("auth", "sourceAuthOverride"),
    ):
        if override in params:
            source[name] = params[override]
    return source


def _environment(environment: Document, params: Document) -> Document:
    changed: Document = dict(environment)
    for name, override in (
        ("type", "environmentTypeOverride"),
        ("image", "imageOverride"),
        ("computeType", "computeTypeOverride"),
        ("privilegedMode", "privilegedModeOverride"),
        ("imagePullCredentialsType", "imagePullCredentialsTypeOverride"),
    ):
        if override in params:
            changed[name] = params[override]
    project_check.check_environment(changed)
    return changed


def _logs(project: Document, override: Document) -> Document:
    logs: dict[str, Any] = {
        "cloudWatchLogs": {"status": "ENABLED"},
        "s3Logs": {"status": "DISABLED", "encryptionDisabled": False},
        **project,
        **override,
    }
    project_check.check_logs(logs)
    return logs


def _checked_cache(cache: Document) -> Document:
    project_check.check_cache(cache)
    return {"type": "NO_CACHE", **cache}
