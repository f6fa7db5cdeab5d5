"""The events of CodeBuild for EventBridge (user guide, ``sample-build-notifications``)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from localaws.core.context import Context
from localaws.services.codebuild.models import Build, Phase
from localaws.services.codebuild.views import artifact_view, logs_view, source_view

_SOURCE: Final = "aws.codebuild"


def publish_state(context: Context, build: Build) -> None:
    """The status of a build has changed."""
    phase = build.phases[-1] if build.phases else None
    detail = {
        "build-status": build.status,
        "project-name": build.request.project,
        "build-id": build.arn,
        "additional-information": _information(context, build),
        "current-phase": phase.kind if phase else "SUBMITTED",
        "current-phase-context": _contexts(phase) if phase else "[]",
        "version": "1",
    }
    context.publish(_SOURCE, "CodeBuild Build State Change", detail, [build.arn])


def publish_phase(context: Context, build: Build, phase: Phase) -> None:
    """A phase of a build has ended."""
    detail: dict[str, Any] = {
        "completed-phase": phase.kind,
        "project-name": build.request.project,
        "build-id": build.arn,
        "completed-phase-context": _contexts(phase),
        "additional-information": _information(context, build),
        "completed-phase-start": _time(phase.start),
        "version": "1",
    }
    if phase.status and phase.end:
        detail["completed-phase-status"] = phase.status
        detail["completed-phase-duration-seconds"] = (phase.end - phase.start).total_seconds() // 1
        detail["completed-phase-end"] = _time(phase.end)
    context.publish(_SOURCE, "CodeBuild Build Phase Change", detail, [build.arn])


def _information(context: Context, build: Build) -> dict[str, Any]:
    request = build.request
    logs = logs_view(context, build)
    information: dict[str, Any] = {
        "artifact": {
            key: value
            for key, value in artifact_view(build).items()
            if key in ("md5sum", "sha256sum", "location")
        },
        "environment": {
            "image": request.environment["image"],
            "privileged-mode": request.environment.get("privilegedMode", False),
            "compute-type": request.environment["computeType"],
            "type": request.environment["type"],
            "environment-variables": [
                {"name": v["name"], "type": v.get("type", "PLAINTEXT"), "value": v["value"]}
                for v in (*request.environment.get("environmentVariables", []), *request.variables)
            ],
        },
        "timeout-in-minutes": request.timeout_minutes,
        "build-complete": build.complete,
        "build-number": build.number,
        "initiator": request.initiator,
        "build-start-time": _time(build.start),
        "source": {
            key: value for key, value in source_view(build).items() if key in ("type", "location")
        },
        "logs": {
            name: logs[key]
            for name, key in (
                ("group-name", "groupName"),
                ("stream-name", "streamName"),
                ("deep-link", "deepLink"),
            )
            if key in logs
        },
        "phases": [_phase(phase) for phase in build.phases],
    }
    if request.source_version:
        information["source-version"] = request.source_version
    return information


def _phase(phase: Phase) -> dict[str, Any]:
    view: dict[str, Any] = {"phase-type": phase.kind, "start-time": _time(phase.start)}
    if phase.end:
        view["end-time"] = _time(phase.end)
        view["duration-in-seconds"] = int((phase.end - phase.start).total_seconds())
        view["phase-context"] = [_context(*context) for context in phase.contexts]
    if phase.status:
        view["phase-status"] = phase.status
    return view


def _contexts(phase: Phase) -> str:
    return f"[{', '.join(_context(*context) for context in phase.contexts)}]"


def _context(code: str, message: str) -> str:
    return f"{code}: {message}"


def _time(moment: datetime) -> str:
    """For example ``Sep 1, 2017 4:12:29 PM``."""
    return moment.strftime("%b %-d, %Y %-I:%M:%S %p")
