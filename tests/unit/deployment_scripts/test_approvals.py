from __future__ import annotations

import argparse

import pytest

from landing_zone import approvals
from landing_zone.approvals import evidence_for, waiting_action
from landing_zone.errors import OperatorError
from landing_zone.runs import Action, Run
from tests.unit.deployment_scripts.test_main_job import Scene

WAITING = Action("S", "ApproveModel", "Manual", "InProgress", token="t")


def evidence(scene: Scene, approval: str) -> str:
    aws = scene.approver._aws
    run = scene.pipeline.read("run-1")
    return evidence_for(aws, scene.pipeline, run, Action("S", approval, "Manual"))


def test_the_evidence_of_a_model_is_its_metrics() -> None:
    text = evidence(Scene(), "ApproveModel")

    for expected in ("iris, Batch, code abc", "r2 0.8500 >= 0.8 on 100", "mse", "report.html"):
        assert expected in text


def test_the_evidence_of_data_is_what_was_uploaded() -> None:
    scene = Scene()
    assert "nothing in s3://workflow-bucket/run-1/source/ yet" in evidence(
        scene, "UploadSourceData"
    )
    scene.s3.put_object(Bucket="workflow-bucket", Key="run-1/source/a.csv", Body=b"1,2")

    assert "s3://workflow-bucket/run-1/source/a.csv  3 bytes" in evidence(scene, "UploadSourceData")


def test_the_evidence_of_inference_data() -> None:
    name = "UploadInferenceDataConfirmation"

    assert "nothing in s3://workflow-bucket/run-1/inference/ yet" in evidence(Scene(), name)
    assert "needs no inference data" in evidence(Scene(EndpointType="SageMakerEndpoint"), name)


def test_the_waiting_approval_is_the_one_answered() -> None:
    run = Run("r", "InProgress", (WAITING,), {})

    assert waiting_action(run, "") is WAITING
    assert waiting_action(run, "ApproveModel") is WAITING
    with pytest.raises(OperatorError, match="run r waits for ApproveModel, not for 'Other'"):
        waiting_action(run, "Other")
    with pytest.raises(OperatorError, match=r"run r \(Failed\) waits for no approval"):
        waiting_action(Run("r", "Failed", (), {}), "")


def arguments(*, yes: bool = False, summary: str = "") -> argparse.Namespace:
    return argparse.Namespace(yes=yes, summary=summary)


def test_yes_answers_with_or_without_a_summary() -> None:
    assert approvals._summary(arguments(yes=True, summary="good"), approved=True) == "good"
    assert "approve" in approvals._summary(arguments(yes=True), approved=True)
    assert "reject" in approvals._summary(arguments(yes=True), approved=False)


def test_nobody_at_the_terminal_is_told_what_to_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)

    with pytest.raises(OperatorError, match="--yes to approve, and --summary"):
        approvals._summary(arguments(), approved=True)


def test_a_person_is_asked_for_reason_and_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(["better than the last", "y"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))

    assert approvals._summary(arguments(), approved=True) == "better than the last"


@pytest.mark.parametrize(
    ("said", "message"), [(["", "y"], "needs a reason"), (["why", "n"], "not answered")]
)
def test_without_reason_or_confirmation_nothing_is_answered(
    monkeypatch: pytest.MonkeyPatch, said: list[str], message: str
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(said)
    monkeypatch.setattr("builtins.input", lambda _: next(answers))

    with pytest.raises(OperatorError, match=message):
        approvals._summary(arguments(), approved=True)
