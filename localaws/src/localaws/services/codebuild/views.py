"""Builds and projects in the shapes of the API."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.services.codebuild.models import Build, Document, Phase, Project


def project_view(project: Project) -> Document:
    """A project."""
    view = dict(project.document)
    if project.webhook:
        view["webhook"] = project.webhook
    return view


def build_view(context: Context, build: Build) -> Document:
    """A build."""
    request = build.request
    variables = {v["name"]: v for v in request.environment.get("environmentVariables", [])}
    variables |= {v["name"]: v for v in request.variables}
    view: dict[str, Any] = {
        "id": build.id,
        "arn": build.arn,
        "buildNumber": build.number,
        "startTime": build.start,
        "endTime": build.end,
        "currentPhase": build.phases[-1].kind if build.phases else "SUBMITTED",
        "buildStatus": build.status,
        "sourceVersion": request.source_version,
        "resolvedSourceVersion": build.resolved_source_version,
        "projectName": request.project,
        "phases": [_phase(phase) for phase in build.phases],
        "source": source_view(build),
        "secondarySources": list(request.secondary_sources),
        "secondarySourceVersions": [
            {"sourceIdentifier": name, "sourceVersion": version}
            for name, version in request.secondary_versions.items()
        ],
        "artifacts": artifact_view(build),
        "secondaryArtifacts": build.secondary_artifact,
        "cache": request.cache,
        "environment": {
            **request.environment,
            "environmentVariables": [
                {"type": "PLAINTEXT", **variable} for variable in variables.values()
            ],
        },
        "serviceRole": request.service_role,
        "logs": logs_view(context, build),
        "timeoutInMinutes": request.timeout_minutes,
        "queuedTimeoutInMinutes": request.queued_timeout_minutes,
        "buildComplete": build.complete,
        "initiator": request.initiator,
        "encryptionKey": request.encryption_key,
        "exportedEnvironmentVariables": [
            {"name": name, "value": value} for name, value in build.exported
        ],
        "reportArns": build.report_arns,
    }
    if request.auto_retry_limit or build.retry_number:
        view["autoRetryConfig"] = {
            "autoRetryLimit": request.auto_retry_limit,
            "autoRetryNumber": build.retry_number,
            "nextAutoRetry": build.next_retry,
            "previousAutoRetry": build.previous_retry,
        }
    return view


def source_view(build: Build) -> Document:
    """The source of a build. An action of a pipeline shows its own type, as on AWS."""
    request = build.request
    if request.in_pipeline:
        shown = {key: v for key, v in request.source.items() if key == "buildspec"}
        return {"type": "CODEPIPELINE", **shown}
    return request.source


def artifact_view(build: Build) -> Document:
    """The artifact of a build; its location is empty until it was uploaded."""
    return {"location": "", **build.artifact}


def logs_view(context: Context, build: Build) -> Document:
    """Where the log of a build is."""
    cloudwatch = build.request.logs["cloudWatchLogs"]
    s3 = build.request.logs["s3Logs"]
    view: dict[str, Any] = {"cloudWatchLogs": cloudwatch, "s3Logs": s3}
    if cloudwatch["status"] == "ENABLED":
        group, stream = log_place(build)
        view |= {
            "groupName": group,
            "streamName": stream,
            "deepLink": f"https://console.aws.amazon.com/cloudwatch/home?region={context.region}"
            f"#logsV2:log-groups/log-group/{group.replace('/', '$252F')}/log-events/{stream}",
            "cloudWatchLogsArn": context.arn("logs", f"log-group:{group}:log-stream:{stream}"),
        }
    if s3["status"] == "ENABLED":
        bucket, key = s3_log_place(build)
        view["s3LogsArn"] = f"arn:aws:s3:::{bucket}/{key}"
        view["s3DeepLink"] = f"https://s3.console.aws.amazon.com/s3/object/{bucket}/{key}"
    return view


def log_place(build: Build) -> tuple[str, str]:
    """The log group and the log stream of a build."""
    settings = build.request.logs["cloudWatchLogs"]
    group: str = settings.get("groupName") or f"/aws/codebuild/{build.request.project}"
    stream = settings.get("streamName")
    return group, f"{stream}/{build.uuid}" if stream else build.uuid


def s3_log_place(build: Build) -> tuple[str, str]:
    """The bucket and the key of the log of a build."""
    location: str = build.request.logs["s3Logs"]["location"].removeprefix("arn:aws:s3:::")
    bucket, _, prefix = location.partition("/")
    return bucket, "/".join(part for part in (prefix.strip("/"), f"{build.uuid}.gz") if part)


def _phase(phase: Phase) -> Document:
    view: dict[str, Any] = {
        "phaseType": phase.kind,
        "phaseStatus": phase.status,
        "startTime": phase.start,
        "endTime": phase.end,
    }
    if phase.end:
        view["durationInSeconds"] = int((phase.end - phase.start).total_seconds())
    if phase.status and phase.end:
        view["contexts"] = [
            {"statusCode": code, "message": message} for code, message in phase.contexts
        ]
    return view
