"""The saved event, and an exception that nobody expected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infer import handler
from tests.unit.lambdas import fakes
from tests.unit.lambdas.infer.fakes import REQUEST_ID, ROW, Scene


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = Scene()
    monkeypatch.setattr(handler, "service", lambda: made.service)
    return made


def call(**changes: Any) -> dict[str, Any]:
    return handler.handler({**fakes.load_event("infer"), **changes}, None)


def test_the_saved_event_is_answered(scene: Scene) -> None:
    answer = call()

    assert (answer["statusCode"], answer["headers"]["cache-control"]) == (200, "no-store")
    assert json.loads(answer["body"])["inference_id"] == REQUEST_ID


def test_a_refusal_is_an_answer_and_the_log_has_no_values(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = call(body=json.dumps({"context": "5.1,3.5,1.4,4711"}))

    assert answer["statusCode"] == 400
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["status"], line["request_id"]) == ("refused", 400, REQUEST_ID)
    assert "4711" not in json.dumps(line)


def test_a_bug_is_logged_and_not_told(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.endpoints.answer = ZeroDivisionError("a secret")
    answer = call()

    assert answer["statusCode"] == 500
    assert set(json.loads(answer["body"])) == {"message", "request_id"}
    assert "secret" not in answer["body"]
    assert "ZeroDivisionError: a secret" in capsys.readouterr().out


def test_the_log_of_an_answer_has_no_rows(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    call()

    output = capsys.readouterr().out
    assert json.loads(output)["rows"] == 1
    assert ROW not in output
