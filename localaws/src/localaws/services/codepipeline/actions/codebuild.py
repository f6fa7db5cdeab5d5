"""Build and Test / CodeBuild: runs a build (user guide: action-reference-CodeBuild)."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from localaws.services.codepipeline import console
from localaws.services.codepipeline.build_variables import parse_environment_variables
from localaws.services.codepipeline.models import Artifact, ErrorDetails, Outcome
from localaws.services.codepipeline.runner import (
    DENIED,
    ActionEndedError,
    ActionFailedError,
    ActionRun,
)

# Real time: a build takes as long as it takes, however fast the clock runs.
POLL_SECONDS: Final = 0.25
INITIATOR_HEADER: Final = "x-localaws-initiator"
_MAX_REPORTED_TESTS: Final = 10

_log = logging.getLogger(__name__)
_initiator: ContextVar[str] = ContextVar("initiator")


class CodeBuildBuild:
    """Starts a build of the project with the action's artifacts and variables, and waits for its end."""

    def run(self, run: ActionRun) -> Outcome:
        """Succeed with the build; its exported variables become the variables of the action."""
        client = run.client("codebuild")
        # CodeBuild recognizes by this header that a pipeline starts the build.
        client.meta.events.register(
            "before-call.codebuild.StartBuild", _add_initiator, unique_id=INITIATOR_HEADER
        )
        _initiator.set(f"codepipeline/{run.pipeline.name}")
        build = _start(client, start_request(run))
        run.progress(
            external_id=build["id"],
            external_url=console.build(run.context.region, build["id"]),
        )
        try:
            build = _follow(run, client, build["id"])
        except (ActionEndedError, ActionFailedError) as end:
            # The server may be stopping: then the action has not ended, and CodeBuild ends its own builds.
            if isinstance(end, ActionFailedError) or not run.action.running:
                _stop(run, build["id"])
            raise
        if build["buildStatus"] != "SUCCEEDED":
            message = failure(build) + _failed_tests(run, build)
            return Outcome(error=ErrorDetails("JobFailed", message), summary=message)
        exported = build.get("exportedEnvironmentVariables", [])
        return Outcome(variables={variable["name"]: variable["value"] for variable in exported})


def start_request(run: ActionRun) -> dict[str, Any]:
    """The parameters of StartBuild: what the action says, in place of what the project says."""
    configuration, action = run.configuration, run.action
    name = configuration.get("PrimarySource")
    primary = next((a for a in action.inputs if a.name == name), action.inputs[0])
    request: dict[str, Any] = {
        "projectName": configuration["ProjectName"],
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": f"{primary.bucket}/{primary.key}",
        "secondarySourcesOverride": [
            {
                "type": "S3",
                "location": f"{artifact.bucket}/{artifact.key}",
                "sourceIdentifier": artifact.name,
            }
            for artifact in action.inputs
            if artifact is not primary
        ],
        "environmentVariablesOverride": parse_environment_variables(
            configuration.get("EnvironmentVariables", "[]")
        ),
    }
    revision = next(
        (r for r in action.execution.revisions.values() if r.artifact_name == primary.name), None
    )
    if revision:
        request["sourceVersion"] = revision.revision_id
    if len(action.outputs) == 1:
        request["artifactsOverride"] = _output(action.outputs[0])
    else:
        # With several outputs, a buildspec names each of them in `secondary-artifacts`.
        request["artifactsOverride"] = {"type": "NO_ARTIFACTS"}
    request["secondaryArtifactsOverride"] = [
        _output(artifact) | {"artifactIdentifier": artifact.name}
        for artifact in action.outputs
        if len(action.outputs) > 1
    ]
    if run.pipeline.encryption_key_id:
        request["encryptionKeyOverride"] = run.pipeline.encryption_key_id
    return request


def failure(build: dict[str, Any]) -> str:
    """Why a build did not succeed, in the form in which CodePipeline shows it."""
    message = f"Build terminated with state: {build['buildStatus']}"
    for phase in build.get("phases", []):
        if phase.get("phaseStatus") in {None, "SUCCEEDED"}:
            continue
        context: dict[str, str] = next(iter(phase.get("contexts", [])), {})
        return (
            f"{message}. Phase: {phase['phaseType']}, Code: {context.get('statusCode', '')},"
            f" Message: {context.get('message', '')}"
        )
    return message


def _output(artifact: Artifact) -> dict[str, Any]:
    path, _, name = artifact.key.rpartition("/")
    return {
        "type": "S3",
        "location": artifact.bucket,
        "path": path,
        "name": name,
        "namespaceType": "NONE",
        "packaging": "ZIP",
        "overrideArtifactName": False,
    }


def _start(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        build: dict[str, Any] = client.start_build(**request)["build"]
    except ClientError as error:
        code = error.response["Error"].get("Code", "Unknown")
        message = error.response["Error"].get("Message", "")
        details = error.response.get("ResponseMetadata", {})
        raise ActionFailedError(
            "PermissionError" if code in DENIED else "ConfigurationError",
            f"Error calling startBuild: {message} (Service: AWSCodeBuild; Status Code:"
            f" {details.get('HTTPStatusCode', 400)}; Error Code: {code}; Request ID:"
            f" {details.get('RequestId')}; Proxy: null)",
        ) from error
    return build


def _follow(run: ActionRun, client: Any, build_id: str) -> dict[str, Any]:
    while True:
        build: dict[str, Any] = client.batch_get_builds(ids=[build_id])["builds"][0]
        if build["buildStatus"] != "IN_PROGRESS":
            return build
        run.receive(POLL_SECONDS * run.context.clock.scale)


def _stop(run: ActionRun, build_id: str) -> None:
    # Not with the role of the action: AWS makes no such call, so a role does not need the permission.
    try:
        run.context.client("codebuild").stop_build(id=build_id)
    except (ClientError, BotoCoreError) as error:
        _log.warning("build %s was not stopped: %s", build_id, error)


def _failed_tests(run: ActionRun, build: dict[str, Any]) -> str:
    """The failed tests in the reports of a build. AWS shows them on the page of the report only."""
    client = run.context.client("codebuild")  # without the role, as for stopping a build
    names: list[str] = []
    for report in build.get("reportArns", []):
        try:
            cases = client.describe_test_cases(reportArn=report, filter={"status": "FAILED"})
        except (ClientError, BotoCoreError) as error:
            _log.info("the failed tests of %s are not shown: %s", report, error)
            continue
        names += [case["name"] for case in cases["testCases"]]
    if not names:
        return ""
    shown = ", ".join(names[:_MAX_REPORTED_TESTS])
    more = (
        f" and {len(names) - _MAX_REPORTED_TESTS} more" if len(names) > _MAX_REPORTED_TESTS else ""
    )
    return f". Failed tests: {shown}{more}"


def _add_initiator(params: dict[str, Any], **_: Any) -> None:
    params["headers"][INITIATOR_HEADER] = _initiator.get()
