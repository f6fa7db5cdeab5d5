"""State-change events, and the tables behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from localaws.services.codepipeline import statuses
from localaws.services.codepipeline.models import Status
from unit.services.codepipeline.fakes import Harness, approval, machine, pipeline
from waiting import eventually


def collect(harness: Harness, execution_id: str, last: str) -> list[tuple[str, dict[str, Any]]]:
    def all_there() -> Any:
        mine = [
            (t.split()[1], d)
            for t, d in harness.context.events
            if d["execution-id"] == execution_id
        ]
        done = any(kind == "Pipeline" and detail["state"] == last for kind, detail in mine)
        return mine if done else None

    found: list[tuple[str, dict[str, Any]]] = eventually(all_there)
    return found


def test_a_run_publishes_every_move_in_order(harness: Harness) -> None:
    first = harness.create(pipeline([approval(), machine(order=2, outputs=["Out"])]))
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")
    seen = collect(harness, first, "SUCCEEDED")
    assert [(kind, d.get("action") or d.get("stage"), d["state"]) for kind, d in seen] == [
        ("Pipeline", None, "STARTED"),
        ("Stage", "Source", "STARTED"),
        ("Action", "Upload", "STARTED"),
        ("Action", "Upload", "SUCCEEDED"),
        ("Stage", "Source", "SUCCEEDED"),
        ("Stage", "Stage1", "STARTED"),
        ("Action", "Approve", "STARTED"),
        ("Action", "Approve", "SUCCEEDED"),
        ("Action", "Machine", "STARTED"),
        ("Action", "Machine", "SUCCEEDED"),
        ("Stage", "Stage1", "SUCCEEDED"),
        ("Pipeline", None, "SUCCEEDED"),
    ]
    started = seen[0][1]
    assert started["execution-trigger"]["trigger-type"] == "CreatePipeline"
    assert (started["version"], started["pipeline-execution-attempt"]) == (1.0, 1.0)
    assert isinstance(started["version"], float)
    assert datetime.fromisoformat(started["start-time"]).tzinfo is not None
    done = seen[9][1]
    assert done["type"] == {
        "owner": "AWS", "provider": "StepFunctions", "category": "Invoke", "version": "1",
    }  # fmt: skip
    assert done["region"] == "eu-west-1"
    assert done["output-artifacts"][0]["name"] == "Out"
    assert set(done["output-artifacts"][0]["s3location"]) == {"bucket", "key"}
    assert done["execution-result"]["external-execution-id"].endswith(done["action-execution-id"])


def test_a_rejection_and_a_failure_are_failed(harness: Harness) -> None:
    harness.context.machines.answer = {"status": "FAILED", "error": "E", "cause": "c"}
    first = harness.create(pipeline([machine()]))
    harness.wait(first, "Failed")
    seen = collect(harness, first, "FAILED")
    assert [(k, d["state"]) for k, d in seen][-3:] == [
        ("Action", "FAILED"), ("Stage", "FAILED"), ("Pipeline", "FAILED"),
    ]  # fmt: skip
    assert seen[-3][1]["execution-result"]["error-code"] == "JobFailed"
    assert seen[-3][1]["execution-result"]["external-execution-summary"] == "E: c"


def test_superseded_stopped_abandoned_and_canceled_have_their_states(harness: Harness) -> None:
    first = harness.create(pipeline([approval()], executionMode="SUPERSEDED"))
    harness.token("Stage1", "Approve")
    second = harness.start()
    eventually(lambda: harness.stage("Stage1").get("inboundExecution"))
    third = harness.start()
    collect(harness, second, "SUPERSEDED")
    assert harness.status(second) == "Superseded"
    harness.api.stop_pipeline_execution(
        {"pipelineName": "demo", "pipelineExecutionId": first, "abandon": True, "reason": "enough"}
    )
    seen = collect(harness, first, "STOPPED")
    assert [(k, d["state"]) for k, d in seen][-5:] == [
        ("Pipeline", "STOPPING"), ("Stage", "STOPPING"), ("Action", "ABANDONED"),
        ("Stage", "STOPPED"), ("Pipeline", "STOPPED"),
    ]  # fmt: skip
    assert seen[-5][1]["stop-execution-comments"] == "enough"
    harness.api.delete_pipeline({"name": "demo"})
    assert ("Stage", "CANCELED") in [
        (k, d["state"]) for k, d in collect(harness, third, "CANCELED")
    ]


def test_events_leave_outside_of_the_lock(harness: Harness) -> None:
    """A target of an event may call CodePipeline: events published under the lock would deadlock here."""
    import threading

    publish = harness.context.publish
    asked: list[Any] = []

    def publish_and_ask(*args: Any) -> None:
        thread = threading.Thread(
            target=lambda: asked.append(harness.api.get_pipeline_state({"name": "demo"}))
        )
        thread.start()
        thread.join(timeout=2)
        assert not thread.is_alive()
        publish(*args)

    harness.context.publish = publish_and_ask  # type: ignore[method-assign, assignment]
    first = harness.create(pipeline([machine()]))
    harness.wait(first, "Succeeded")
    assert len(collect(harness, first, "SUCCEEDED")) == len(asked)


@pytest.mark.parametrize(
    ("table", "final"),
    [
        (statuses.EXECUTION, {Status.SUCCEEDED, Status.SUPERSEDED, Status.CANCELLED}),
        (statuses.STAGE, {Status.SUCCEEDED, Status.CANCELLED, Status.SKIPPED}),
        (statuses.ACTION, {Status.SUCCEEDED, Status.FAILED, Status.ABANDONED}),
    ],
)
def test_what_is_final_stays(table: Any, final: set[Status]) -> None:
    targets = {to for allowed in table.values() for to in allowed}
    assert targets - set(table) == final
    for before in final:
        with pytest.raises(AssertionError, match="cannot go from"):
            statuses._check(table, before, Status.IN_PROGRESS, "it")
