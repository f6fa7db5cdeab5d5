"""Rules of the Amazon States Language."""

from __future__ import annotations

from typing import Any

import pytest
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from localaws.services.stepfunctions.semantics import catches, extract_json, sdk_name


@pytest.mark.parametrize(
    ("names", "error", "caught"),
    [
        (["States.ALL"], "SageMaker.AmazonSageMakerException", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.Runtime"], "States.Runtime", False),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.TaskFailed"], "Lambda.Unknown", True),
        (["States.TaskFailed"], "States.TaskFailed", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["A", "B"], "B", True),
        (["A"], "B", False),
    ],
)
def test_catches(names: list[str], error: str, caught: bool) -> None:
    assert catches(names, error) is caught


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", {"a": [{"b": 1}, {"b": 2}], "x:y": 3}),
        ("$.a[1].b", 2),
        ("$['a'][0]", {"b": 1}),
        ("$['x:y']", 3),
        ("$.a[*].b", [1, 2]),
        ("$.a[0:1]", [{"b": 1}]),
        ("$.a[?(@.b > 5)]", []),
    ],
)
def test_extract_json(path: str, expected: Any) -> None:
    assert extract_json(path, {"a": [{"b": 1}, {"b": 2}], "x:y": 3}) == expected


@pytest.mark.parametrize("path", ["$.missing", "$.a[7]", "$.a[0].c"])
def test_a_definite_path_must_lead_somewhere(path: str) -> None:
    with pytest.raises(NoSuchJsonPathError, match="could not be found in the input"):
        extract_json(path, {"a": [{"b": 1}]})


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("executionArn", "ExecutionArn"),
        ("DBInstances", "DbInstances"),
        ("VolumeSizeInGB", "VolumeSizeInGB"),
        ("ETag", "ETag"),
        ("S3Uri", "S3Uri"),
        ("ARN", "Arn"),
        ("TrainingJobName", "TrainingJobName"),
    ],
)
def test_sdk_name(member: str, expected: str) -> None:
    assert sdk_name(member) == expected
