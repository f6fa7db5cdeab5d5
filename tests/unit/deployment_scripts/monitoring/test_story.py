"""The story of drift without AWS: what it needs, what it sends, how it finds requests and labels."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from landing_zone.commands.local import environment_of
from landing_zone.core.deployment import Deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import load_settings
from landing_zone.monitoring.story import MONITORING, Story, settings_of
from landing_zone.monitoring.traffic import SHIFTS, Caller, write_labels
from landing_zone.runs.pipeline import Pipeline
from tests.unit.deployment_scripts.fakes import FakeAws

SAMPLE = "size,petals,kind\n1,5,a\n2,6,b\n"


class Endpoint:
    """Answers with the size of each row; what it captures is stored when somebody flushes it."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.objects: dict[str, bytes] = {}

    def invoke_endpoint(self, *, Body: bytes, InferenceId: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        self.waiting.append(json.dumps({"eventMetadata": {"inferenceId": InferenceId}}))
        answers = (line.split(",")[0] for line in Body.decode().splitlines())
        return {"Body": io.BytesIO("\n".join(answers).encode())}

    def flush(self) -> None:
        key = f"capture/zone-iris/AllTraffic/{len(self.objects)}.jsonl"
        self.objects[key] = "\n".join(self.waiting).encode()
        self.waiting = []

    def get_paginator(self, _: str) -> Endpoint:
        return self

    def paginate(self, *, Prefix: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        found = [{"Key": k, "Size": 1} for k in self.objects if k.startswith(Prefix)]
        return [{"Contents": found}]

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.objects[Key])}


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def caller(endpoint: Endpoint, tmp_path: Path) -> Caller:
    sample = tmp_path / "sample.csv"
    sample.write_text(SAMPLE)
    aws = FakeAws(s3=endpoint, sagemaker_runtime=endpoint)
    return Caller(aws, "zone-iris", "bucket", sample, "kind")


def test_requests_are_found_in_the_capture_once_all_are_stored(
    caller: Caller, endpoint: Endpoint
) -> None:
    sent, seen = caller.send(caller.draw(random.Random(1), 50)), set[str]()
    assert [len(rows) for rows in sent.requests.values()] == [20, 20, 10]
    assert not caller.stored(sent, seen)
    endpoint.flush()
    assert caller.stored(sent, seen)
    later = caller.send(caller.draw(random.Random(1), 20))
    assert not caller.stored(later, seen)


def test_the_last_rows_have_no_label(caller: Caller, tmp_path: Path) -> None:
    rows = caller.draw(random.Random(1), 30)
    sent = caller.send(rows)
    write_labels(tmp_path / "labels.csv", sent, 25)
    lines = (tmp_path / "labels.csv").read_text().splitlines()
    assert lines[0] == "inference_id,row,label"
    assert [line.split(",")[1:] for line in lines[1:]] == [
        [str(number % 20), row["kind"]] for number, row in enumerate(rows[:25])
    ]


def test_the_share_of_right_predictions(caller: Caller) -> None:
    rows = [{"size": "a", "petals": "5", "kind": "a"}, {"size": "2", "petals": "5", "kind": "a"}]
    assert caller.right(rows) == 0.5


def test_a_shift_changes_one_column_and_no_label() -> None:
    row = {"petal_length": "1.4", "petal_width": "0.2", "variety": "setosa"}
    assert SHIFTS["iris"].applied(row) == {**row, "petal_length": "3.5"}


def test_the_settings_of_the_deployment_give_way_to_those_of_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCALAWS_TIME_SCALE", "2")
    monkeypatch.delenv("TF_VAR_monitoring", raising=False)
    found = environment_of("drift", load_settings({"USE_CASE": "iris"}))
    assert found["LOCALAWS_TIME_SCALE"] == "2"
    assert json.loads(found["TF_VAR_monitoring"]) == {"use_cases": ["iris"], **MONITORING}
    assert "TF_VAR_monitoring" not in environment_of("rollout", load_settings({}))
    with pytest.raises(OperatorError, match="'housing'; allowed: iris"):
        settings_of("housing")


class Alarms:
    def __init__(self, *names: str) -> None:
        self.names = names

    def describe_alarms(self, *, AlarmNames: list[str]) -> dict[str, Any]:  # noqa: N803
        return {"MetricAlarms": [{"AlarmName": n} for n in AlarmNames if n in self.names]}


@pytest.mark.parametrize(
    ("alarms", "records", "message"),
    [
        ((), {}, "there is no alarm zone-iris-drift"),
        (("zone-iris-drift",), {"Started": True}, "Run make local-down first"),
    ],
)
def test_a_deployment_that_the_story_cannot_use(
    endpoint: Endpoint,
    tmp_path: Path,
    alarms: tuple[str, ...],
    records: dict[str, Any],
    message: str,
) -> None:
    (tmp_path / "sample.csv").write_text(SAMPLE)
    if records:
        endpoint.objects["retraining/zone-iris/started/1.json"] = json.dumps(records).encode()
    aws = FakeAws(
        s3=endpoint, sagemaker_runtime=endpoint, cloudwatch=Alarms(*alarms), codepipeline=None
    )
    pipeline = Pipeline(aws, Deployment("pipeline", "source", "bucket", "artifact"))
    story = Story(aws, pipeline, "arn", "zone-iris", "iris", tmp_path / "sample.csv", "kind")
    with pytest.raises(OperatorError, match=message):
        story.tell()
    assert endpoint.waiting == []
