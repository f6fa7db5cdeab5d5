"""Retrying, stopping, rolling back, opening and closing transitions."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.core.errors import AwsError
from unit.services.codepipeline.fakes import (
    Harness,
    approval,
    function,
    machine,
    pipeline,
)
from waiting import eventually

FAILED = {"status": "FAILED", "error": "E", "cause": "c"}
SUCCEEDED = {"status": "SUCCEEDED", "output": "{}"}


def refused(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(AwsError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def break_source(harness: Harness) -> None:
    del harness.context.s3.versions["source-bucket", "manifest.json"]


def fail_job(harness: Harness, event: dict[str, Any]) -> None:
    harness.api.put_job_failure_result(
        {
            "jobId": event["CodePipeline.job"]["id"],
            "failureDetails": {"type": "JobFailed", "message": "no"},
        }
    )


def succeed_job(harness: Harness, event: dict[str, Any]) -> None:
    harness.api.put_job_success_result({"jobId": event["CodePipeline.job"]["id"]})


@pytest.mark.parametrize("mode", ["FAILED_ACTIONS", "ALL_ACTIONS"])
@pytest.mark.parametrize("kind", ["source", "lambda", "approval", "machine"])
def test_each_action_type_can_be_retried(harness: Harness, kind: str, mode: str) -> None:
    functions = harness.context.functions.functions
    functions["Good"] = lambda event: succeed_job(harness, event)
    functions["Function"] = lambda event: succeed_job(harness, event)
    failing = {"lambda": function, "approval": approval, "machine": machine, "source": approval}[
        kind
    ]
    definition = pipeline(
        [
            function("Good"),
            failing(outputs=["Out"]) if kind != "approval" and kind != "source" else failing(),
        ]
    )
    if kind == "lambda":
        functions["Function"] = lambda event: fail_job(harness, event)
    if kind == "machine":
        harness.context.machines.answer = FAILED
    first = harness.create(definition)
    stage, name = "Stage1", definition["stages"][1]["actions"][1]["name"]
    if kind == "source":
        harness.approve("Stage1")
        harness.wait(first, "Succeeded")
        break_source(harness)
        first, stage, name = harness.start(), "Source", "Upload"
    elif kind == "approval":
        harness.approve("Stage1", status="Rejected")
    harness.wait(first, "Failed")
    eventually(lambda: all(a["status"] != "InProgress" for a in harness.actions(first)))
    before = harness.actions(first)

    harness.upload(b"repaired")
    functions["Function"] = lambda event: succeed_job(harness, event)
    harness.context.machines.answer = SUCCEEDED
    assert harness.retry(first, stage, mode) == first
    if kind in {"approval", "source"}:
        harness.approve("Stage1")
    harness.wait(first, "Succeeded")

    after = harness.actions(first)
    assert after[: len(before)] == before, "history is kept"
    again = [a["actionName"] for a in after[len(before) :] if a["stageName"] == stage]
    good = ["Good"] if mode == "ALL_ACTIONS" and kind != "source" else []
    assert sorted(again) == sorted([*good, name])
    ids = [a["actionExecutionId"] for a in after]
    assert len(set(ids)) == len(ids)
    keys = [o["s3location"]["key"] for a in after for o in a["output"]["outputArtifacts"]]
    assert len(set(keys)) == len(keys)
    metadata = harness.stage(stage)["retryStageMetadata"]
    assert metadata == {"manualStageRetryAttempt": 1, "latestRetryTrigger": "ManualStageRetry"}
    states = [
        (kind_, d["state"], d["pipeline-execution-attempt"])
        for kind_, d in eventually(lambda: _ended(harness, first))
        if "Action" not in kind_ and d["execution-id"] == first
    ]
    assert ("CodePipeline Pipeline Execution State Change", "RESUMED", 2.0) in states
    assert ("CodePipeline Stage Execution State Change", "RESUMED", 2.0) in states


def _ended(harness: Harness, execution_id: str) -> Any:
    events = list(harness.context.events)
    whole = "CodePipeline Pipeline Execution State Change"
    states = [d["state"] for t, d in events if t == whole and d["execution-id"] == execution_id]
    return events if states[-1:] == ["SUCCEEDED"] else None


def test_the_next_stage_gets_the_artifact_of_the_retry(harness: Harness) -> None:
    harness.context.functions.functions["Maker"] = lambda event: fail_job(harness, event)
    harness.context.functions.functions["Reader"] = lambda event: succeed_job(harness, event)
    first = harness.create(
        pipeline([function("Maker", outputs=["Made"])], [function("Reader", inputs=["Made"])])
    )
    harness.wait(first, "Failed")
    harness.context.functions.functions["Maker"] = lambda event: succeed_job(harness, event)
    harness.retry(first, "Stage1")
    harness.wait(first, "Succeeded")
    jobs = [e["CodePipeline.job"]["data"] for e in harness.context.functions.invocations]
    keys = [j["outputArtifacts"][0]["location"]["s3Location"]["objectKey"] for j in jobs[:2]]
    assert keys[0] != keys[1]
    assert jobs[2]["inputArtifacts"][0]["location"]["s3Location"]["objectKey"] == keys[1]


def test_failed_actions_can_be_retried_while_others_go_on(harness: Harness) -> None:
    first = harness.create(pipeline([approval("A"), approval("B"), approval("C", 2)]))
    token_b = harness.token("Stage1", "B")
    harness.approve("Stage1", "A", "Rejected")
    assert harness.status(first) == "Failed"
    assert harness.stage("Stage1")["latestExecution"]["status"] == "Failed"
    assert refused(harness.retry, first, "Stage1", "ALL_ACTIONS") == "ConflictException"
    harness.retry(first, "Stage1")
    assert harness.token("Stage1", "B") == token_b
    assert refused(harness.retry, first, "Stage1") == "ConflictException"
    harness.approve("Stage1", "B")
    harness.approve("Stage1", "A")
    harness.approve("Stage1", "C")
    harness.wait(first, "Succeeded")


def test_what_cannot_be_retried(harness: Harness) -> None:
    first = harness.create(pipeline([approval()], [approval()]))
    harness.token("Stage1", "Approve")
    assert refused(harness.retry, first, "Stage1") == "StageNotRetryableException"  # in progress
    assert refused(harness.retry, first, "Source") == "StageNotRetryableException"  # succeeded
    assert refused(harness.retry, first, "Stage2") == "NotLatestPipelineExecutionException"
    assert refused(harness.retry, first, "Stage9") == "StageNotFoundException"
    harness.approve("Stage1", status="Rejected")
    second = harness.start()
    harness.approve("Stage1", status="Rejected")
    harness.wait(second, "Failed")
    assert refused(harness.retry, first, "Stage1") == "NotLatestPipelineExecutionException"
    harness.api.update_pipeline({"pipeline": pipeline([approval("Other")], [approval()])})
    assert refused(harness.retry, second, "Stage1") == "StageNotRetryableException"


def stop(harness: Harness, execution_id: str, abandon: bool = False, **more: Any) -> str:
    params = {
        "pipelineName": "demo",
        "pipelineExecutionId": execution_id,
        "abandon": abandon,
        **more,
    }
    return harness.api.stop_pipeline_execution(params)["pipelineExecutionId"]


def test_stop_and_wait_finishes_what_runs_and_starts_nothing(harness: Harness) -> None:
    first = harness.create(pipeline([approval(), machine(order=2)]))
    token = harness.token("Stage1", "Approve")
    assert stop(harness, first, reason="wrong data") == first
    assert harness.status(first) == "Stopping"
    assert refused(stop, harness, first) == "DuplicatedStopRequestException"
    harness.answer("Stage1", "Approve", token)
    assert harness.status(first) == "Stopped"
    assert harness.context.machines.started == []
    assert harness.executions()[0]["stopTrigger"] == {"reason": "wrong data"}
    assert refused(stop, harness, first) == "PipelineExecutionNotStoppableException"
    assert refused(harness.retry, first, "Stage1") == "StageNotRetryableException"  # nothing failed

    def stopping() -> Any:
        return [
            d for t, d in harness.context.events if d["state"] == "STOPPING" and "Pipeline" in t
        ]

    assert "stop-execution-comments" in eventually(stopping)[0]


def test_stop_and_abandon_leaves_the_work_to_itself_and_can_be_retried(harness: Harness) -> None:
    harness.context.machines.answer = {"status": "RUNNING"}
    first = harness.create(pipeline([machine()]))
    eventually(lambda: harness.context.machines.started)
    stop(harness, first)
    stop(harness, first, abandon=True)
    assert harness.status(first) == "Stopped"
    assert harness.latest("Stage1", "Machine")["status"] == "Abandoned"
    harness.context.machines.answer = SUCCEEDED
    harness.retry(first, "Stage1")
    harness.wait(first, "Succeeded")
    names = [s["name"] for s in harness.context.machines.started]
    assert len(set(names)) == 2


def test_stopping_one_who_waits_lets_the_next_one_through(harness: Harness) -> None:
    first = harness.create(pipeline([approval()]))
    token = harness.token("Stage1", "Approve")
    second, third = harness.start(), harness.start()
    eventually(lambda: len(harness.stage("Stage1")["inboundExecutions"]) == 2)
    stop(harness, second)
    assert harness.status(second) == "Stopped"
    harness.answer("Stage1", "Approve", token)
    assert harness.stage("Stage1")["latestExecution"]["pipelineExecutionId"] == third
    assert harness.status(first) == "Succeeded"


def transition(harness: Harness, verb: str, stage: str, kind: str, **more: Any) -> None:
    getattr(harness.api, f"{verb}_stage_transition")(
        {"pipelineName": "demo", "stageName": stage, "transitionType": kind, **more}
    )


def test_a_closed_transition_shows_why_and_opens_again(harness: Harness) -> None:
    harness.create(pipeline([approval()], [approval()]))
    transition(harness, "disable", "Stage1", "Outbound", reason="release freeze")
    state = harness.stage("Stage2")["inboundTransitionState"]
    assert state["enabled"] is False
    assert state["disabledReason"] == "release freeze"
    harness.approve("Stage1")
    assert "latestExecution" not in harness.stage("Stage2")
    transition(harness, "enable", "Stage2", "Inbound")
    assert harness.stage("Stage2")["inboundTransitionState"] == {"enabled": True}
    harness.approve("Stage2")
    assert refused(transition, harness, "enable", "Stage9", "Inbound") == "StageNotFoundException"
    assert refused(transition, harness, "enable", "Stage2", "Outbound") == "ValidationException"


def roll_back(harness: Harness, target: str, stage: str = "Stage1") -> str:
    params = {"pipelineName": "demo", "stageName": stage, "targetPipelineExecutionId": target}
    return harness.api.rollback_stage(params)["pipelineExecutionId"]


def test_a_rollback_runs_the_stage_with_the_targets_artifacts_and_variables(
    harness: Harness,
) -> None:
    harness.context.functions.functions["Function"] = lambda event: succeed_job(harness, event)
    configuration = {"UserParameters": "#{variables.V} #{codepipeline.PipelineExecutionId}"}
    definition = pipeline(
        [function(inputs=["Src"], configuration=configuration)],
        [machine()],
        variables=[{"name": "V", "defaultValue": "1"}],
    )
    first = harness.create(definition)
    harness.wait(first, "Succeeded")
    second = harness.start(variables=[{"name": "V", "value": "2"}])
    harness.wait(second, "Succeeded")
    back = roll_back(harness, first)
    harness.wait(back, "Succeeded")
    assert back not in {first, second}
    jobs = [e["CodePipeline.job"]["data"] for e in harness.context.functions.invocations]
    assert jobs[2]["inputArtifacts"] == jobs[0]["inputArtifacts"]
    parameters = jobs[2]["actionConfiguration"]["configuration"]["UserParameters"]
    assert parameters == f"1 {back}"
    summary = harness.executions()[0]
    assert summary["executionType"] == "ROLLBACK"
    assert summary["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": first}
    assert summary["trigger"]["triggerType"] == "ManualRollback"
    assert [a["actionName"] for a in harness.actions(back)] == ["Function"]
    assert harness.stage("Stage1")["latestExecution"]["type"] == "ROLLBACK"

    assert refused(roll_back, harness, back) == "UnableToRollbackStageException"
    assert refused(roll_back, harness, first, "Source") == "UnableToRollbackStageException"
    missing = "00000000-0000-0000-0000-000000000000"
    assert refused(roll_back, harness, missing) == "PipelineExecutionNotFoundException"
    harness.api.update_pipeline({"pipeline": definition})
    assert refused(roll_back, harness, first) == "PipelineExecutionOutdatedException"


def with_on_failure(definition: dict[str, Any], **on_failure: Any) -> dict[str, Any]:
    definition["stages"][1]["onFailure"] = on_failure
    return definition


def test_on_failure_rollback_goes_back_to_the_latest_success_before_anybody_enters(
    harness: Harness,
) -> None:
    first = harness.create(with_on_failure(pipeline([approval()]), result="ROLLBACK"))
    harness.approve("Stage1", status="Rejected")
    assert len(harness.executions()) == 1, "there is no success to go back to"
    second = harness.start()
    harness.approve("Stage1")
    third = harness.start()
    token = harness.token("Stage1", "Approve")
    harness.start()
    eventually(lambda: harness.stage("Stage1")["inboundExecutions"])
    harness.answer("Stage1", "Approve", token, "Rejected")
    assert harness.status(third) == "Failed"
    back = harness.executions()[0]
    assert back["trigger"]["triggerType"] == "AutomatedRollback"
    assert back["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == second
    holder = harness.stage("Stage1")["latestExecution"]["pipelineExecutionId"]
    assert holder == back["pipelineExecutionId"]
    harness.approve("Stage1", status="Rejected")
    assert len([e for e in harness.executions() if e["executionType"] == "ROLLBACK"]) == 1
    assert first != second


@pytest.mark.parametrize("mode", ["FAILED_ACTIONS", "ALL_ACTIONS"])
def test_on_failure_retry_tries_once_more(harness: Harness, mode: str) -> None:
    functions = harness.context.functions.functions
    functions["Good"] = lambda event: succeed_job(harness, event)
    functions["Bad"] = lambda event: fail_job(harness, event)
    first = harness.create(
        with_on_failure(
            pipeline([function("Good"), function("Bad")]),
            result="RETRY",
            retryConfiguration={"retryMode": mode},
        )
    )
    eventually(
        lambda: (
            harness.status(first) == "Failed"
            and not harness.provider._store.pipelines["demo"].holders
        )
    )
    names = [a["actionName"] for a in harness.actions(first)]
    assert names.count("Bad") == 2
    assert names.count("Good") == (2 if mode == "ALL_ACTIONS" else 1)
    assert harness.stage("Stage1")["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "latestRetryTrigger": "AutomatedStageRetry",
    }
