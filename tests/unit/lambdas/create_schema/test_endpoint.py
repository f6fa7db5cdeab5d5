"""The section endpoint of a use case, with its defaults."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import ConfigurationError
from common.schema import problems_of
from create_schema.endpoint import AUTOSCALING, resolve_endpoint
from create_schema.service import Schemas
from tests.unit.lambdas import fakes

SERVERLESS = {"memory_mb": 1024, "max_concurrency": 5, "network_isolation": False}


def resolve(**section: Any) -> dict[str, Any]:
    use_case = {"name": "iris", "endpoint": section}
    return resolve_endpoint(use_case, fakes.git_manifest(EndpointInstanceCount=3))


def test_without_a_section_the_instances_of_the_manifest_serve() -> None:
    found = resolve_endpoint({"name": "iris"}, fakes.git_manifest())
    assert found["prod"] == {
        "instance_type": "ml.m5.large",
        "instance_count": 1,
        "capture_percent": 0,
    }
    assert found["dev"]["enabled"] is False


def test_what_is_left_out_gets_its_default() -> None:
    found = resolve(prod={"autoscaling": {"max": 4}, "challenger": {}}, dev={"test": {"rate": 5}})
    assert found["prod"]["autoscaling"] == {**AUTOSCALING, "max": 4}
    assert found["prod"]["challenger"] == {"version": "previous", "weight": 0.1}
    assert (found["prod"]["instance_count"], found["dev"]["instance_count"]) == (3, 1)
    assert (found["dev"]["test"]["rate"], found["dev"]["test"]["requests"]) == (5, 100)


def test_what_excludes_each_other_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(
            dev={"serverless": SERVERLESS, "instance_count": 2, "capture_percent": 10},
            prod={"challenger": {}, "shadow": {}, "autoscaling": {"min": 5, "max": 3}},
        )
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "endpoint.dev.instance_count",
        "endpoint.dev.capture_percent",
        "endpoint.prod",
        "endpoint.prod.autoscaling",
    ]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"dev": {"serverless": {**SERVERLESS, "network_isolation": True}}}, "network_isolation"),
        ({"dev": {"serverless": {**SERVERLESS, "memory_mb": 1500}}}, "memory_mb"),
        ({"prod": {"challenger": {"version": "newest"}}}, "version"),
        ({"prod": {"serverless": SERVERLESS}}, "serverless"),
        ({"prod": {"challenger": {"weight": 1}}}, "weight"),
        ({"prod": {"shadow": {"version": 3}, "autoscaling": {"min": 1}}}, ""),
    ],
)
def test_the_schema(schemas: Schemas, section: dict[str, Any], problem: str) -> None:
    rule = schemas.use_case["properties"]["endpoint"]
    found = problems_of({**rule, "definitions": schemas.use_case["definitions"]}, section)
    assert [problem in text for text in found] == ([True] if problem else [])
