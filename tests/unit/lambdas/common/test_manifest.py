"""The manifest's schema, judged by two validators; and the two rules beyond it."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from common.errors import ConfigurationError
from common.manifest import (
    CREATE_SCHEMA,
    FILLERS,
    UPDATE_SCHEMA,
    check_git_manifest,
    check_run_manifest,
    keys_filled_by,
    keys_of_a_run,
    load_schema,
    may_be_empty,
)
from common.schema import problems_of
from create_schema.resolve import resolve
from create_schema.service import Schemas
from create_schema.settings import Settings
from create_schema.use_case import UseCase
from tests.unit.lambdas import fakes

SCHEMA = load_schema("manifest.schema.json")
SHIPPED = json.loads((fakes.REPOSITORY / "config/manifest.json").read_text())
INFERENCE_KEYS = keys_filled_by(SCHEMA, UPDATE_SCHEMA)
REQUIRED = [key for key in keys_of_a_run(SCHEMA, CREATE_SCHEMA) if not may_be_empty(SCHEMA, key)]
USE_CASE: UseCase = {
    "name": "housing",
    "metric": {"name": "r2", "threshold": 0.8, "direction": "maximize"},
    "model": {"hyperparameters": {}},
}
GOOD: list[dict[str, Any]] = [
    {},
    {"EndpointType": "Batch", "UseCase": "a"},
    {"ImageTag": "v1.2_3-x", "CodeVersion": "0123456789ab"},
    {"ImageTag": "prebuilt"},
    {"GitCommit": "a1" * 20, "ChampionMaxRegression": 0},
    {"ChampionLocation": "s3://bucket/run/champion/", "GitCommit": f"{'a1' * 20}-dirty"},
    {"MetricThreshold": -3, "EndpointInstanceCount": 2},
    {"InstanceType": "ml.c5.18xlarge", "EndpointInstanceType": "ml.t2.medium"},
    {"RunId": fakes.RUN_ID, "ProcessingInputLocation": "s3://bucket/a/b/"},
    {"TrainingImageUri": f"x.dkr.ecr.eu-west-1.amazonaws.com/a/b@sha256:{'0' * 64}"},
]
BAD: list[tuple[str, Any]] = [
    ("UseCase", ""),
    ("UseCase", "Housing"),
    ("UseCase", "a" * 16),
    ("UseCase", None),
    ("EndpointType", "endpoint"),
    ("EndpointType", ["Batch"]),
    ("ImageTag", "a b"),
    ("ImageTag", "x" * 129),
    ("InstanceType", "m5.xlarge"),
    ("InstanceType", "ml.m5"),
    ("EndpointInstanceCount", 0),
    ("EndpointInstanceCount", 1.5),
    ("EndpointInstanceCount", "1"),
    ("EndpointInstanceCount", True),
    ("MetricThreshold", "0.8"),
    ("MetricThreshold", False),
    ("TrainingHyperParameters", {"max_iter": 3}),
    ("CodeVersion", "main"),
    ("GitCommit", "HEAD"),
    ("ChampionModelSha256", "abc"),
    ("ChampionMaxRegression", -0.1),
    ("ChampionMaxRegression", "0.1"),
    ("ChampionLocation", "folder/"),
    ("RunId", "a/b"),
    ("RunId", None),
    ("WorkflowBucket", "Upper"),
    ("MetricDirection", "up"),
    ("ProcessingJobName", "x" * 27),
    ("ProcessingImageUri", "image-without-tag"),
    ("ProcessingInputLocation", "s3://bucket/no-slash"),
    ("ProcessingInputLocation", "https://bucket/a/"),
    ("SageMakerSubmitDirectory", "s3://bucket/folder/"),
    ("ModelDataKey", "folder/"),
    ("ModelDataETag", "without quotes"),
    ("ModelPackageArn", "arn:aws:sagemaker:eu-west-1:1:model-package/a/1"),
    ("EndpointName", "under_score"),
    ("Unknown", 1),
]


def resolved(settings: Settings) -> dict[str, Any]:
    return resolve(fakes.git_manifest(), USE_CASE, fakes.RUN_ID, settings)


def test_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_shipped_manifest_is_valid_and_has_every_key() -> None:
    check_git_manifest(SCHEMA, SHIPPED)
    assert list(SHIPPED) == list(SCHEMA["properties"])


def test_every_key_is_filled_by_somebody() -> None:
    for key, rule in SCHEMA["properties"].items():
        assert rule["x-filled-by"] in FILLERS, key
    groups = [keys_filled_by(SCHEMA, filler) for filler in FILLERS]
    assert all(groups)
    assert sorted(key for group in groups for key in group) == sorted(SCHEMA["properties"])
    assert sorted(keys_of_a_run(SCHEMA, UPDATE_SCHEMA)) == sorted(SCHEMA["properties"])
    # A copy of the repository without Git has no commit to upload: create_schema says "unknown".
    assert SCHEMA["required"] == [*keys_filled_by(SCHEMA, "person"), "CodeVersion"]


@pytest.mark.parametrize("key", [key for key in SCHEMA["properties"] if may_be_empty(SCHEMA, key)])
def test_what_may_be_empty_is_still_there(settings: Settings, key: str) -> None:
    manifest = resolved(settings)
    del manifest[key]
    with pytest.raises(ConfigurationError, match=f"{key}: missing"):
        check_run_manifest(SCHEMA, manifest, CREATE_SCHEMA)


@pytest.mark.parametrize("key", sorted(SCHEMA["properties"]))
def test_every_key_is_described(key: str) -> None:
    assert SCHEMA["properties"][key]["description"].endswith(".")


@pytest.mark.parametrize("changes", GOOD, ids=str)
def test_both_validators_accept(changes: dict[str, Any]) -> None:
    document = {**SHIPPED, **changes}
    assert problems_of(SCHEMA, document) == []
    jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize(("key", "value"), BAD, ids=str)
def test_both_validators_refuse(key: str, value: Any) -> None:
    document = {**SHIPPED, key: value}
    (problem,) = problems_of(SCHEMA, document)
    assert problem.startswith(f"{key}: ")
    errors = list(jsonschema.Draft7Validator(SCHEMA).iter_errors(document))
    assert {error.path[0] if error.path else error.validator for error in errors} == {
        key if key in SCHEMA["properties"] else "additionalProperties"
    }


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_both_validators_miss_a_required_key(key: str) -> None:
    document = {other: value for other, value in SHIPPED.items() if other != key}
    (problem,) = problems_of(SCHEMA, document)
    assert problem.startswith(f"{key}: missing (")
    (error,) = jsonschema.Draft7Validator(SCHEMA).iter_errors(document)
    assert error.validator == "required"


def test_validating_changes_nothing() -> None:
    document = copy.deepcopy(SHIPPED)
    problems_of(SCHEMA, document)
    assert document == SHIPPED


def test_resolved_manifest_is_valid_by_the_same_schema(settings: Settings) -> None:
    manifest = resolved(settings)
    jsonschema.validate(manifest, SCHEMA)
    assert check_run_manifest(SCHEMA, manifest, CREATE_SCHEMA) == manifest


@pytest.mark.parametrize("key", REQUIRED)
def test_nothing_stays_empty_in_a_run(settings: Settings, key: str) -> None:
    manifest = {**resolved(settings), key: None if key == "MetricThreshold" else ""}
    with pytest.raises(ConfigurationError) as caught:
        check_run_manifest(SCHEMA, manifest, CREATE_SCHEMA)
    assert f"{key}: found " in str(caught.value)


def test_inference_needs_more(settings: Settings) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_run_manifest(SCHEMA, resolved(settings), UPDATE_SCHEMA)
    problems = caught.value.problems
    assert [problem.split(":")[0] for problem in problems] == INFERENCE_KEYS


@pytest.mark.parametrize("key", keys_filled_by(SCHEMA, CREATE_SCHEMA, UPDATE_SCHEMA))
def test_people_leave_the_run_keys_empty(settings: Settings, key: str) -> None:
    value = resolved(settings).get(key) or "filled"
    with pytest.raises(ConfigurationError, match="allowed: empty, each run fills it in"):
        check_git_manifest(SCHEMA, {**SHIPPED, key: value})


def test_use_case_schema_judges_alike(schemas: Schemas) -> None:
    """The shipped use cases, and each of them with one key taken away."""
    for path in sorted((fakes.REPOSITORY / "config/use_cases").glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        assert problems_of(schemas.use_case, document) == []
        for key in list(document):
            less = {other: value for other, value in document.items() if other != key}
            ours = not problems_of(schemas.use_case, less)
            theirs = jsonschema.Draft7Validator(schemas.use_case).is_valid(less)
            assert ours == theirs, (path.name, key)


def test_problem_in_a_list_is_named_by_its_item(schemas: Schemas) -> None:
    document = {
        "name": "a",
        "description": "d",
        "task": "regression",
        "target": "y",
        "columns": [
            {"name": "x", "type": "category"},
            {"name": "y", "type": "number", "values": ["1", "2"]},
            {"type": "date"},
        ],
        "model": {"estimator": "Ridge"},
        "metric": {"name": "r2", "threshold": "high", "direction": "maximize"},
    }
    problems = problems_of(schemas.use_case, document)
    assert [problem.split(": ")[0] for problem in problems] == [
        "columns[0 'x']",
        "columns[1 'y']",
        "columns[2].name",
        "columns[2].type",
        "metric.threshold",
    ]
    theirs = jsonschema.Draft7Validator(schemas.use_case).iter_errors(document)
    assert {tuple(error.path)[:2] for error in theirs} == {
        ("columns", 0),
        ("columns", 1),
        ("columns", 2),
        ("metric", "threshold"),
    }
