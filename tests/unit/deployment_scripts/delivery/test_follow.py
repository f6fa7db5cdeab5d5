"""What a person reads of a run of the pipeline that has failed."""

from __future__ import annotations

from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import load_settings
from landing_zone.delivery.follow import Delivery
from landing_zone.delivery.names import CicdNames
from landing_zone.runs.run import Action, Run
from tests.unit.deployment_scripts.fakes import FakeAws, FakePipelineApi, Pages

SETTINGS = load_settings({})
BUILD = "ml-core-development-cicd-plan-plan:1"


class FakeCodeBuild:
    def __init__(self, logs: dict[str, str]) -> None:
        self._logs = logs

    def batch_get_builds(self, *, ids: list[str]) -> dict[str, Any]:
        return {"builds": [{"id": name, "logs": self._logs} for name in ids if name == BUILD]}


class FakeLogs:
    def get_paginator(self, _: str) -> Pages:
        lines = ["[Container] Running command", "first\n", "\n", "a rule refuses it\n"]
        return Pages({"events": [{"message": line} for line in lines]})


def delivery(provider: str = "CodeBuild", build: str = BUILD, stream: str = "stream") -> Delivery:
    api = FakePipelineApi()
    api.add_action("run", "Plan", "Plan", "Failed", executionResult={"externalExecutionId": build})
    api.details[-1]["input"] = {"actionTypeId": {"provider": provider}}
    logs = {"groupName": "group", **({"streamName": stream} if stream else {})}
    aws = FakeAws(codepipeline=api, codebuild=FakeCodeBuild(logs), logs=FakeLogs())
    return Delivery(aws, CicdNames(Names(SETTINGS, aws.account)), SETTINGS)


def test_the_log_of_a_step_is_what_it_has_printed() -> None:
    assert delivery().log("run", "Plan") == ["first", "a rule refuses it"]


def test_what_has_no_log_shows_none() -> None:
    assert delivery().log("run", "Apply") == []
    assert delivery(provider="Manual").log("run", "Plan") == []
    assert delivery(build="").log("run", "Plan") == []
    assert delivery(build="forgotten:1").log("run", "Plan") == []
    assert delivery(stream="").log("run", "Plan") == []


def test_a_failure_shows_the_end_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Run("run", "Failed", (Action("Plan", "Plan", "CodeBuild", "Failed", error="why"),), {})
    monkeypatch.setattr("landing_zone.delivery.follow.follow", lambda *_, **__: failed)

    with pytest.raises(OperatorError) as raised:
        delivery().follow("run", approve=True, commit="c" * 40)

    assert "failed in Plan / Plan:\n  why\n" in str(raised.value)
    assert "  | a rule refuses it\n" in str(raised.value)
