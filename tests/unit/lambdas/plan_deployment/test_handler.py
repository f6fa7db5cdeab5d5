"""The Lambda entry of plan_deployment: settings from the environment, causes as plans."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from plan_deployment import handler
from plan_deployment.world import Clients
from tests.unit.lambdas import fakes
from tests.unit.lambdas.plan_deployment.world import ROLLOUT, World

ENVIRONMENT = {
    "ALARM_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms",
    "KMS_KEY_ARN": fakes.KMS_KEY,
    "ROLLOUT": json.dumps(asdict(ROLLOUT)),
    "SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/ml-core-development-sagemaker",
    "SERVICE": "ml-core",
    "STAGE": "development",
    "WORKFLOW_BUCKET": fakes.WORKFLOW,
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    world = World()
    world.version()
    clients = Clients(world.sagemaker, world.s3, world.alarms, world.scaling)
    monkeypatch.setattr(handler, "clients", lambda: clients)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    event = json.loads((fakes.REPOSITORY / "tests/events/plan_deployment.json").read_text())
    return lambda **order: handler.handler({**event, "Input": {**event["Input"], **order}}, None)


def test_the_saved_event_gets_its_first_step(run: Any) -> None:
    assert run()["Do"] == "model"


def test_a_cause_that_a_person_can_act_on_ends_the_execution(run: Any) -> None:
    plan = run(Target="staging")
    assert (plan["Do"], plan["Error"]) == ("fail", "ConfigurationError")
    assert "Target: found 'staging'; allowed: dev, prod" in plan["Cause"]


def test_a_missing_setting_is_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLOUT", "{}")
    assert "environment variable ROLLOUT: " in run()["Cause"]
    monkeypatch.delenv("ROLLOUT")
    assert "environment variable ROLLOUT is not set" in run()["Cause"]
