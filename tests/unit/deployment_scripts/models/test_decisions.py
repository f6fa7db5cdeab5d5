"""Rollback, the consequence of a decision, following a deployment."""

from __future__ import annotations

import argparse

import pytest

from landing_zone.commands.approve_model import consequence
from landing_zone.commands.rollback import plan_rollback
from landing_zone.core.errors import OperatorError
from landing_zone.models.choice import reason_for
from landing_zone.models.deployments import Deployments, outcome
from landing_zone.models.following import Follower
from landing_zone.models.registry import APPROVED, PENDING, REJECTED, Registry
from landing_zone.models.targets import Endpoints
from tests.unit.deployment_scripts.fakes import FakeAws
from tests.unit.deployment_scripts.models.fakes import FakeSageMaker, FakeStates, arn

ENDPOINT = "zone-development-iris"


def world(*statuses: str) -> tuple[FakeSageMaker, FakeAws]:
    """Versions with these statuses, the last one live."""
    sagemaker = FakeSageMaker()
    for number, status in enumerate(statuses, start=1):
        sagemaker.add(number, status)
        sagemaker.serve(ENDPOINT, f"iris-{number}-abc", number, number)
    return sagemaker, FakeAws(sagemaker=sagemaker, stepfunctions=FakeStates())


def plan(aws: FakeAws) -> tuple[int, int]:
    versions = Registry(aws, "zone-development").versions("iris")
    bad, back = plan_rollback(Endpoints(aws).live(ENDPOINT), versions, ENDPOINT)
    return bad.number, back.number


def test_rollback_brings_back_the_latest_other_approved_version() -> None:
    assert plan(world(APPROVED, APPROVED, REJECTED, PENDING, APPROVED)[1]) == (5, 2)


def test_rollback_refuses_clearly() -> None:
    with pytest.raises(OperatorError, match=r"no other version is Approved.*there are 2, 1"):
        plan(world(REJECTED, PENDING, APPROVED)[1])
    sagemaker, aws = world(APPROVED, APPROVED)
    sagemaker.endpoints[ENDPOINT]["EndpointStatus"] = "Updating"
    with pytest.raises(OperatorError, match=r"is Updating.*abort_rollout\.py"):
        plan(aws)
    sagemaker.endpoints.clear()
    with pytest.raises(OperatorError, match="does not exist: there is nothing to roll back"):
        plan(aws)
    sagemaker.serve(ENDPOINT, "by-hand", 9, 9)
    with pytest.raises(OperatorError, match="no version of its group"):
        plan(aws)


def test_the_consequence_is_said_before_the_question() -> None:
    _, aws = world(APPROVED, APPROVED, PENDING)
    three, two, one = Registry(aws, "zone-development").versions("iris")
    assert consequence(three, [two, one], APPROVED, is_live=False).endswith("serves version 3")
    assert "keeps version 2" in consequence(one, [three, two], APPROVED, is_live=False)
    assert consequence(two, [three, one], REJECTED, is_live=True).endswith("version 1 again")
    assert "no version is Approved" in consequence(one, [three], REJECTED, is_live=True)


def test_a_decision_needs_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def options(reason: str, *, yes: bool) -> argparse.Namespace:
        return argparse.Namespace(reason=reason, yes=yes)

    assert reason_for(options("better", yes=True), "?") == "better"
    with pytest.raises(OperatorError, match="--yes needs --reason"):
        reason_for(options("", yes=True), "?")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(OperatorError, match="no terminal"):
        reason_for(options("better", yes=False), "?")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(["better", "y", "better", "n"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert reason_for(options("", yes=False), "?") == "better"
    with pytest.raises(OperatorError, match="nothing was done"):
        reason_for(options("", yes=False), "?")


def test_the_execution_that_an_event_starts_is_found_and_followed() -> None:
    _, aws = world(APPROVED)
    states: FakeStates = aws.clients["stepfunctions"]
    states.add("earlier", "SUCCEEDED", (0, 1), Action="none")
    said: list[str] = []
    clock = iter([0.0, 7.5])
    deployments = Deployments(aws, "machine", say=said.append, sleep=lambda _: None)
    follower = Follower(
        aws,
        deployments,
        "zone-development",
        is_local=True,
        say=said.append,
        now=lambda: next(clock),
    )
    known = deployments.known("iris")
    assert follower.what_the_event_starts("iris", known, 0.0) is None
    states.add(
        "mine", "SUCCEEDED", (2, 3), Action="updated", EndpointName=ENDPOINT,
        ModelPackageArn=arn(2), EndpointConfigName="iris-2-abc",
    )  # fmt: skip
    states.add("of another", "SUCCEEDED", (2, 3), UseCase="housing", Action="none")

    found = follower.to_the_end("mine")

    assert found.action == "updated"
    assert deployments.started_since("iris", known, 1, 1) == "mine"
    assert said == [
        "deployment mine has started",
        f"{ENDPOINT}  InService",
        f"endpoint {ENDPOINT} updated: it serves version 2 (iris-2-abc), after 7.5 s",
    ]


def test_a_failed_deployment_is_an_error_with_its_cause() -> None:
    states = FakeStates()
    states.add("bad", "FAILED", (0, 1), error="EndpointRolledBack", cause="alarm x was raised")
    found = Deployments(FakeAws(stepfunctions=states), "machine").read("bad")
    with pytest.raises(OperatorError, match="prod: EndpointRolledBack alarm x was raised"):
        outcome(found)
