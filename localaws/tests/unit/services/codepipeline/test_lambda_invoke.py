"""The Lambda action: jobs, their answers, continuations, silence."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from localaws.services.codepipeline.actions.lambda_invoke import LambdaInvoke
from localaws.services.codepipeline.jobs import Continuation
from localaws.services.codepipeline.runner import ActionFailedError
from unit.services.codepipeline.fakes import (
    REGION,
    Harness,
    approval,
    function,
    pipeline,
    running,
)
from waiting import eventually


def wait_for_job(harness: Harness, number: int = 1) -> dict[str, Any]:
    """The ``number``th job that the function was given."""
    harness.context.functions.functions.setdefault("Function", lambda event: None)
    invocations = eventually(
        lambda: (
            len(harness.context.functions.invocations) >= number
            and harness.context.functions.invocations
        )
    )
    return invocations[number - 1]["CodePipeline.job"]


def create(harness: Harness, *more: dict[str, Any], **members: Any) -> str:
    harness.context.functions.functions["Function"] = lambda event: None
    return harness.create(pipeline([function(**members), *more]))


def succeed(harness: Harness, job: dict[str, Any], **params: Any) -> None:
    harness.api.put_job_success_result({"jobId": job["id"], **params})


def fail(
    harness: Harness, job: dict[str, Any], message: str = "no column 'age'", **details: Any
) -> None:
    failure = {"type": "ConfigurationError", "message": message, **details}
    harness.api.put_job_failure_result({"jobId": job["id"], "failureDetails": failure})


def refused(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(AwsError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_a_failure_is_shown_as_the_function_told_it(harness: Harness) -> None:
    first = create(harness)
    fail(harness, wait_for_job(harness), externalExecutionId="request-1")
    assert harness.status(first) == "Failed"
    latest = harness.latest("Stage1", "Function")
    assert latest["errorDetails"] == {"code": "ConfigurationError", "message": "no column 'age'"}
    assert latest["externalExecutionId"] == "request-1"


def test_a_success_brings_variables_and_details(harness: Harness) -> None:
    first = create(
        harness, approval(order=2, configuration={"CustomData": "R2 is #{F.R2}"}), namespace="F"
    )
    details = {"summary": "resolved", "externalExecutionId": "r", "percentComplete": 100}
    succeed(harness, wait_for_job(harness), outputVariables={"R2": "0.8"}, executionDetails=details)
    latest = harness.latest("Stage1", "Function")
    assert latest | details | {"status": "Succeeded"} == latest
    done = harness.actions(first)
    assert done[1]["output"]["outputVariables"] == {"R2": "0.8"}
    assert done[2]["input"]["resolvedConfiguration"] == {"CustomData": "R2 is 0.8"}
    assert done[2]["input"]["configuration"] == {"CustomData": "R2 is #{F.R2}"}


def test_a_job_takes_one_answer(harness: Harness) -> None:
    create(harness)
    job = wait_for_job(harness)
    succeed(harness, job)
    assert refused(succeed, harness, job) == "InvalidJobStateException"
    assert refused(fail, harness, job) == "InvalidJobStateException"
    assert refused(succeed, harness, {"id": str(uuid.uuid4())}) == "JobNotFoundException"
    assert refused(fail, harness, {"id": str(uuid.uuid4())}) == "JobNotFoundException"
    assert (
        refused(harness.api.get_job_details, {"jobId": str(uuid.uuid4())}) == "JobNotFoundException"
    )


def test_a_continuation_brings_a_new_job_with_the_token(harness: Harness) -> None:
    first = create(harness)
    job = wait_for_job(harness)
    assert "continuationToken" not in job["data"]
    for number in range(1, 4):
        succeed(
            harness,
            job,
            continuationToken=f"step-{number}",
            executionDetails={"summary": f"{number} of 3", "percentComplete": number * 30},
        )
        assert refused(succeed, harness, job) == "InvalidJobStateException"
        following = wait_for_job(harness, number + 1)
        assert following["id"] != job["id"]
        assert following["data"].pop("continuationToken") == f"step-{number}"
        job = following
        assert harness.latest("Stage1", "Function")["percentComplete"] == number * 30
        assert harness.latest("Stage1", "Function")["summary"] == f"{number} of 3"
    succeed(harness, job)
    harness.wait(first, "Succeeded")
    assert len([a for a in harness.actions(first) if a["actionName"] == "Function"]) == 1


def test_output_variables_are_limited_and_only_for_the_end(harness: Harness) -> None:
    create(harness)
    job = wait_for_job(harness)
    large = {"a": "x" * 122_880}
    assert (
        refused(succeed, harness, job, outputVariables=large)
        == "OutputVariablesSizeExceededException"
    )
    assert (
        refused(succeed, harness, job, outputVariables={"a": "1"}, continuationToken="t")
        == "ValidationException"
    )
    succeed(harness, job, outputVariables={"a": "x" * 122_879})


def test_a_function_that_is_not_there_fails_the_action(harness: Harness) -> None:
    first = harness.create(pipeline([function("Nowhere")]))
    harness.wait(first, "Failed")
    error = harness.latest("Stage1", "Nowhere")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert "Function not found: Nowhere" in error["message"]


def test_silence_fails_the_action_after_20_minutes(tmp_path: Path) -> None:
    with running(tmp_path, scale=20_000.0) as harness:
        first = create(harness)
        job = wait_for_job(harness)
        harness.wait(first, "Failed")
        action = harness.actions(first)[-1]
        assert (action["lastUpdateTime"] - action["startTime"]).total_seconds() >= 20 * 60
        error = action["output"]["executionResult"]["errorDetails"]
        assert error["code"] == "JobFailed"
        assert "Function failed to return a result within 20 minutes" in error["message"]
        assert refused(succeed, harness, job) == "InvalidJobStateException"


class ScriptedRun:
    """An ActionRun with prepared messages, and the time that each takes."""

    def __init__(self, harness: Harness, script: list[Any]) -> None:
        create(harness)
        wait_for_job(harness)
        execution = next(iter(harness.provider._store.pipelines["demo"].executions.values()))
        self.action = execution.stages["Stage1"].current["Function"]
        self.context = harness.context
        self.configuration = self.action.resolved
        self.client = harness.context.client
        self.script = script
        self.waits: list[float | None] = []

    def receive(self, seconds: float | None = None) -> Any:
        self.waits.append(seconds)
        return self.script.pop(0)


def test_each_continuation_starts_the_20_minutes_anew(harness: Harness) -> None:
    handler = LambdaInvoke(harness.provider._jobs, continuation_seconds=30.0)
    run = ScriptedRun(harness, [Continuation("a"), None, Continuation("b"), None, None])
    with pytest.raises(ActionFailedError):
        handler.run(run)  # type: ignore[arg-type]
    assert run.waits == [1200.0, 30.0, 1200.0, 30.0, 1200.0]
    tokens = [
        e["CodePipeline.job"]["data"].get("continuationToken")
        for e in harness.context.functions.invocations
    ]
    assert tokens[-3:] == [None, "a", "b"]


class ManualClock(Clock):
    """A clock that only the test moves. Short waits end soon; long ones wait for a message."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def real_seconds(self, seconds: float) -> float:
        return 0.001 if seconds <= 60 else 30.0


def test_continuations_end_after_24_hours(tmp_path: Path) -> None:
    with running(tmp_path, continuation_seconds=30.0) as harness:
        clock = ManualClock()
        harness.context.clock = clock

        def not_yet(event: dict[str, Any]) -> None:
            clock.seconds += 15 * 60
            succeed(harness, event["CodePipeline.job"], continuationToken="again")

        harness.context.functions.functions["Function"] = not_yet
        first = harness.create(pipeline([function()]))
        harness.wait(first, "Failed")
        error = harness.latest("Stage1", "Function")["errorDetails"]
        assert "within its timeout of 1440 minutes" in error["message"]
        assert len(harness.context.functions.invocations) == 24 * 4


def test_an_answer_to_an_abandoned_action_is_refused(harness: Harness) -> None:
    first = create(harness)
    job = wait_for_job(harness)
    harness.api.stop_pipeline_execution(
        {"pipelineName": "demo", "pipelineExecutionId": first, "abandon": True}
    )
    assert harness.status(first) == "Stopped"
    assert refused(succeed, harness, job) == "InvalidJobStateException"
    assert harness.latest("Stage1", "Function")["status"] == "Abandoned"


def test_job_details_tell_where_the_job_belongs(harness: Harness) -> None:
    first = create(harness, inputs=["Src"])
    job = wait_for_job(harness)
    details = harness.api.get_job_details({"jobId": job["id"]})["jobDetails"]
    context = details["data"]["pipelineContext"]
    assert details["id"] == job["id"]
    assert context["pipelineExecutionId"] == first
    assert context["pipelineArn"] == f"arn:aws:codepipeline:{REGION}:123456789012:demo"
    assert context["stage"] == {"name": "Stage1"}
    assert context["action"]["actionExecutionId"] == harness.actions(first)[-1]["actionExecutionId"]
    assert details["data"]["inputArtifacts"] == job["data"]["inputArtifacts"]


def test_the_function_is_called_with_the_actions_role_when_it_has_one(harness: Harness) -> None:
    role = "arn:aws:iam::123456789012:role/action"
    create(harness, roleArn=role)
    wait_for_job(harness)
    assert ("lambda", role) in harness.context.roles
