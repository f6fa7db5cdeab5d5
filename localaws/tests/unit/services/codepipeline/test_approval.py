"""Approvals: one answer counts, and only with the token of the open request."""

from __future__ import annotations

import json
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from localaws.core.errors import AwsError
from unit.services.codepipeline.fakes import (
    MACHINE,
    Harness,
    approval,
    machine,
    pipeline,
    running,
)
from waiting import eventually

TOPIC = "arn:aws:sns:eu-west-1:123456789012:approvals"


def refused(harness: Harness, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(AwsError) as caught:
        harness.answer(*args, **kwargs)
    return caught.value.code


@pytest.mark.parametrize("attempt", range(10))
def test_exactly_one_of_fifty_answers_wins(harness: Harness, attempt: int) -> None:
    first = harness.create(pipeline([approval()]))
    token = harness.token("Stage1", "Approve")
    barrier = threading.Barrier(50)
    won: list[str] = []
    lost: list[str] = []

    def answer(number: int) -> None:
        barrier.wait()
        status = "Approved" if number % 2 else "Rejected"
        try:
            harness.answer("Stage1", "Approve", token, status)
            won.append(status)
        except AwsError as error:
            lost.append(error.code)

    threads = [threading.Thread(target=answer, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert lost == ["ApprovalAlreadyCompletedException"] * 49
    assert harness.status(first) == ("Succeeded" if won == ["Approved"] else "Failed")


def test_foreign_and_stale_tokens_are_refused(harness: Harness) -> None:
    first = harness.create(pipeline([approval("A"), approval("B")], [approval("A")]))
    token_a, token_b = harness.token("Stage1", "A"), harness.token("Stage1", "B")
    assert refused(harness, "Stage1", "A", str(uuid.uuid4())) == "InvalidApprovalTokenException"
    assert refused(harness, "Stage1", "A", token_b) == "InvalidApprovalTokenException"
    assert refused(harness, "Stage2", "A", token_a) == "InvalidApprovalTokenException"
    assert refused(harness, "Stage9", "A", token_a) == "StageNotFoundException"
    assert refused(harness, "Stage1", "C", token_a) == "ActionNotFoundException"
    assert refused(harness, "Source", "Upload", token_a) == "ValidationException"
    assert refused(harness, "Stage1", "A", token_a, name="other") == "PipelineNotFoundException"

    harness.answer("Stage1", "A", token_a, "Rejected")
    assert refused(harness, "Stage1", "A", token_a) == "ApprovalAlreadyCompletedException"
    harness.answer("Stage1", "B", token_b)
    harness.wait(first, "Failed")
    harness.retry(first, "Stage1")
    again = harness.token("Stage1", "A")
    assert again != token_a
    assert refused(harness, "Stage1", "A", token_a) == "InvalidApprovalTokenException"
    assert refused(harness, "Stage1", "B", token_b) == "ApprovalAlreadyCompletedException"
    harness.answer("Stage1", "A", again)
    harness.approve("Stage2", "A")
    harness.wait(first, "Succeeded")


def test_a_rejection_fails_the_stage_with_its_summary(harness: Harness) -> None:
    first = harness.create(pipeline([approval()]))
    harness.approve("Stage1", status="Rejected")
    assert harness.status(first) == "Failed"
    latest = harness.latest("Stage1", "Approve")
    assert latest["status"] == "Failed"
    assert latest["summary"] == "looked at it"
    assert latest["lastUpdatedBy"] == "arn:aws:iam::123456789012:root"
    assert "token" not in latest


def test_the_stage_stays_locked_while_an_approval_waits(harness: Harness) -> None:
    first = harness.create(pipeline([approval()]))
    token = harness.token("Stage1", "Approve")
    second = harness.start()
    eventually(lambda: harness.stage("Stage1").get("inboundExecutions"))
    assert harness.token("Stage1", "Approve") == token
    harness.answer("Stage1", "Approve", token)
    assert harness.status(first) == "Succeeded"
    assert harness.token("Stage1", "Approve") != token
    assert harness.status(second) == "InProgress"


def test_the_topic_gets_the_documented_message(harness: Harness) -> None:
    configuration = {
        "NotificationArn": TOPIC,
        "ExternalEntityLink": "https://example.com/report",
        "CustomData": "look at run #{codepipeline.PipelineExecutionId}",
    }
    first = harness.create(pipeline([approval(configuration=configuration)]))
    (message,) = eventually(lambda: harness.context.sns.messages)
    assert message["TopicArn"] == TOPIC
    body = json.loads(message["Message"])
    details = body["approval"]
    assert set(body) == {"region", "consoleLink", "approval"}
    assert details["token"] == harness.token("Stage1", "Approve")
    assert details["customData"] == f"look at run {first}"
    assert details["expires"][-1] == "Z"
    assert len(details["expires"]) == len("2016-07-07T20:22Z")
    assert details["approvalReviewLink"].endswith(
        f"/demo/Stage1/Approve/approve/{details['token']}"
    )
    assert set(details) == {
        "pipelineName", "stageName", "actionName", "token", "expires", "externalEntityLink",
        "approvalReviewLink", "customData",
    }  # fmt: skip


def test_a_topic_that_cannot_be_reached_fails_the_approval(harness: Harness) -> None:
    configuration = {"NotificationArn": TOPIC + "-denied"}
    first = harness.create(pipeline([approval(configuration=configuration)]))
    harness.wait(first, "Failed")
    error = harness.latest("Stage1", "Approve")["errorDetails"]
    assert error["code"] == "PermissionError"
    assert "Publish with role" in error["message"]


@pytest.mark.parametrize(("minutes", "scale"), [(5, 2000.0), (None, 5_000_000.0)])
def test_an_approval_expires(tmp_path: Path, minutes: int | None, scale: float) -> None:
    extra: dict[str, Any] = {"timeoutInMinutes": minutes} if minutes else {}
    with running(tmp_path, scale=scale) as harness:
        first = harness.create(pipeline([approval(**extra)]))
        token = harness.token("Stage1", "Approve")
        harness.wait(first, "Failed")
        error = harness.latest("Stage1", "Approve")["errorDetails"]
        assert f"within its timeout of {minutes or 7 * 24 * 60} minutes" in error["message"]
        assert refused(harness, "Stage1", "Approve", token) == "InvalidApprovalTokenException"
        (details,) = [a for a in harness.actions(first) if a["actionName"] == "Approve"]
        waited = (details["lastUpdateTime"] - details["startTime"]).total_seconds() / 60
        assert waited >= (minutes or 7 * 24 * 60)


def test_parallel_mode_is_answered_with_the_external_execution_id(harness: Harness) -> None:
    first = harness.create(pipeline([approval(), machine(order=2)], executionMode="PARALLEL"))
    second = harness.start()

    def waiting(execution_id: str) -> str:
        def found() -> Any:
            approvals = [a for a in harness.actions(execution_id) if a["actionName"] == "Approve"]
            return approvals and approvals[0]["output"]["executionResult"]["externalExecutionId"]

        return eventually(found)

    token_first, token_second = waiting(first), waiting(second)
    assert token_first != token_second
    latest = harness.latest("Stage1", "Approve")
    assert latest["status"] == "InProgress"
    assert "token" not in latest
    assert "externalExecutionId" not in latest
    harness.answer("Stage1", "Approve", token_first)
    harness.wait(first, "Succeeded")
    assert harness.status(second) == "InProgress"
    harness.answer("Stage1", "Approve", token_second)
    harness.wait(second, "Succeeded")
    assert [s["stateMachineArn"] for s in harness.context.machines.started] == [MACHINE, MACHINE]
    for _, detail in list(harness.context.events):
        assert token_first not in json.dumps(detail)


def test_a_token_is_in_no_log_line_and_no_event(harness: Harness) -> None:
    harness.create(pipeline([approval()]))
    token = harness.token("Stage1", "Approve")
    harness.answer("Stage1", "Approve", token)
    eventually(lambda: len(harness.context.events) > 8)
    assert token not in json.dumps(harness.context.events, default=str)
    for execution in harness.provider._store.pipelines["demo"].executions.values():
        assert token not in repr(execution)
        assert token not in repr(execution.stages["Stage1"].current["Approve"])
