"""Invoke / StepFunctions: runs a state machine (user guide: action-reference-StepFunctions)."""

from __future__ import annotations

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from localaws.services.codepipeline import artifacts, console
from localaws.services.codepipeline.models import Artifact, Outcome
from localaws.services.codepipeline.runner import ActionFailedError, ActionRun

POLL_SECONDS: Final = 0.3
MAX_INPUT_BYTES: Final = 262_144  # of a state machine execution
MAX_NAME: Final = 80
# The user guide does not name the file in the output artifact; functions in use that read it open this one.
OUTPUT_FILE: Final = "output.json"


class StepFunctionsInvoke:
    """Starts an execution with the id of the action execution in its name, and waits for its end."""

    def run(self, run: ActionRun) -> Outcome:
        """Succeed with a standard execution; with an express one, as soon as it has started."""
        machine_arn = run.configuration["StateMachineArn"]
        client = run.client("stepfunctions")
        express = client.describe_state_machine(stateMachineArn=machine_arn)["type"] == "EXPRESS"
        execution_arn = client.start_execution(
            stateMachineArn=machine_arn, name=_execution_name(run), input=_input(run)
        )["executionArn"]
        url = console.state_machine_execution(run.context.region, execution_arn)
        run.progress(external_id=execution_arn, external_url=url)
        if express:
            return Outcome(variables={"StateMachineArn": machine_arn})
        described = _follow(run, client, execution_arn)
        if described["status"] != "SUCCEEDED":
            raise ActionFailedError("JobFailed", _failure(described))
        for artifact in run.action.outputs:
            run.store_client().put_object(
                Bucket=artifact.bucket,
                Key=artifact.key,
                Body=artifacts.make_zip(OUTPUT_FILE, described["output"].encode()),
                **run.encryption(),
            )
        return Outcome(
            variables={"StateMachineArn": machine_arn, "ExecutionArn": execution_arn},
        )


def _execution_name(run: ActionRun) -> str:
    prefix = run.configuration.get("ExecutionNamePrefix")
    name = f"{prefix}-{run.action.id}" if prefix else run.action.id
    if len(name) > MAX_NAME:
        raise ActionFailedError(
            "ConfigurationError",
            f"The execution name {name} has {len(name)} characters; allowed are {MAX_NAME}, which leaves"
            f" {MAX_NAME - len(run.action.id) - 1} for ExecutionNamePrefix",
        )
    return name


def _input(run: ActionRun) -> str:
    value = run.configuration.get("Input")
    kind = run.configuration.get("InputType", "Literal")
    if kind == "Literal":
        text, source = value or "{}", "Input"
    elif kind == "FilePath":
        text, source = _file_input(run, value)
    else:
        raise ActionFailedError(
            "ConfigurationError", f"InputType is {kind!r}, allowed are Literal and FilePath"
        )
    try:
        json.loads(text)
    except ValueError as error:
        raise ActionFailedError("ConfigurationError", f"{source} is not JSON: {error}") from error
    return text


def _file_input(run: ActionRun, path: str | None) -> tuple[str, str]:
    if not path or not run.action.inputs:
        missing = "an input artifact" if path else "Input, the path of a file"
        raise ActionFailedError("ConfigurationError", f"InputType FilePath needs {missing}")
    artifact = run.action.inputs[0]
    source = f"File {path} of input artifact {artifact.name}"
    try:
        content = artifacts.read_member(
            _open(run, artifact), path, MAX_INPUT_BYTES, run.context.work_dir
        )
        return content.decode(), source
    except artifacts.BadArtifactError as error:
        raise ActionFailedError(
            "ConfigurationError",
            f"Input artifact {artifact.name} (s3://{artifact.bucket}/{artifact.key}) cannot be used:"
            f" {error}",
        ) from error
    except UnicodeDecodeError as error:
        raise ActionFailedError("ConfigurationError", f"{source} is not UTF-8: {error}") from error


def _open(run: ActionRun, artifact: Artifact) -> Any:
    try:
        return run.store_client().get_object(Bucket=artifact.bucket, Key=artifact.key)["Body"]
    except ClientError as error:
        if error.response["Error"].get("Code") not in {"404", "NoSuchKey"}:
            raise
        raise ActionFailedError(
            "ConfigurationError",
            f"Input artifact {artifact.name} is not in the artifact store"
            f" (s3://{artifact.bucket}/{artifact.key}): the action that outputs it did not upload it",
        ) from error


def _follow(run: ActionRun, client: Any, execution_arn: str) -> dict[str, Any]:
    while True:
        described: dict[str, Any] = client.describe_execution(executionArn=execution_arn)
        if described["status"] != "RUNNING":
            return described
        run.receive(POLL_SECONDS)


def _failure(described: dict[str, Any]) -> str:
    error, cause = described.get("error"), described.get("cause")
    if not error and not cause:
        return f"Execution {described['executionArn']} ended {described['status']}"
    return ": ".join(part for part in (error, cause) if part)
