"""What a target receives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.services.eventbridge.transform import BadTransformError, fill, target_input

EVENT: dict[str, Any] = {
    "id": "e-1",
    "time": "2024-05-01T08:00:00Z",
    "source": "aws.s3",
    "resources": ["arn:aws:s3:::b"],
    "detail": {"key": 'a "b"', "size": 3, "tags": {"x": [1, 2]}, "state": "FAILED"},
}
RULE = "arn:aws:events:eu-west-1:123456789012:rule/on-upload"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"Input": '{"a": 1}'}, {"a": 1}),
        ({"InputPath": "$.detail"}, EVENT["detail"]),
        ({"InputPath": "$.detail.tags.x[1]"}, 2),
        ({"InputPath": "$.resources[0]"}, "arn:aws:s3:::b"),
        ({"InputPath": "$.detail.missing"}, None),
    ],
)
def test_target_input(target: dict[str, Any], expected: Any) -> None:
    assert json.loads(target_input(target, EVENT, RULE)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"size": <size>, "tags": <tags>}', {"size": 3, "tags": {"x": [1, 2]}}),
        ('{"key": <key>}', {"key": 'a "b"'}),
        ('{"key": "<key>"}', {"key": 'a "b"'}),
        ('{"text": "run <id> is <state> (<size>)"}', {"text": "run e-1 is FAILED (3)"}),
        ('{"missing": <missing>}', {"missing": None}),
        ('{"rule": "<aws.events.rule-name>"}', {"rule": "on-upload"}),
        ('{"event": <aws.events.event.json>}', {"event": EVENT}),
        (
            '{"variables": [{"name": "UseCase", "value": <state>}]}',
            {"variables": [{"name": "UseCase", "value": "FAILED"}]},
        ),
    ],
)
def test_a_template_that_is_json(template: str, expected: Any) -> None:
    assert json.loads(fill(template, paths(), EVENT, RULE)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"Run <id> is <state>."', "Run e-1 is FAILED."),
        ('"Key <key>"\n"Size <size>"', 'Key a "b"\nSize 3'),
        ("Plain <id>", "Plain e-1"),
    ],
)
def test_a_template_that_is_text(template: str, expected: str) -> None:
    assert fill(template, paths(), EVENT, RULE) == expected


def test_a_template_that_gives_no_json() -> None:
    with pytest.raises(BadTransformError, match="is not JSON"):
        fill('{"a": <id> <id>}', paths(), EVENT, RULE)


def test_a_path_that_is_none() -> None:
    with pytest.raises(BadTransformError, match="it must start with"):
        target_input({"InputPath": "detail.key"}, EVENT, RULE)


def paths() -> dict[str, str]:
    names = {"size": "size", "tags": "tags", "key": "key", "state": "state", "missing": "missing"}
    return {name: f"$.detail.{path}" for name, path in names.items()} | {"id": "$.id"}
