"""The endpoints of a run's use case: its section `endpoint`, with everything that it leaves out filled in.

The section lies in {RunId}/config/use_case.json, where plan_deployment finds the settings of the version
that it deploys, also long after the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.errors import ConfigurationError

# docs/use-cases.md describes each of them; the schema repeats them for editors.
AUTOSCALING = {
    "min": 2,
    "max": 10,
    "target_invocations": 200,
    "scale_in_cooldown": 300,
    "scale_out_cooldown": 300,
}
TEST = {
    "requests": 100,
    "rate": 20,
    "max_error_rate": 0.0,
    "max_p99_milliseconds": 1000,
}
CHALLENGER = {"version": "previous", "weight": 0.1}
SHADOW = {"version": "previous", "weight": 0.5}


def resolve_endpoint(use_case: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Both endpoints of the use case, with the instances of the manifest where the section has none.

    Raises:
        ConfigurationError: two settings exclude each other.
    """
    section = use_case.get("endpoint", {})
    instances = {
        "instance_type": manifest["EndpointInstanceType"],
        "instance_count": manifest["EndpointInstanceCount"],
        "capture_percent": 0,
    }
    dev = {"enabled": False, **instances, "instance_count": 1, **section.get("dev", {})}
    dev["test"] = {**TEST, **dev.get("test", {})}
    prod = {**instances, **section.get("prod", {})}
    for key, defaults in (
        ("autoscaling", AUTOSCALING),
        ("challenger", CHALLENGER),
        ("shadow", SHADOW),
    ):
        if key in prod:
            prod[key] = {**defaults, **prod[key]}
    problems = [*_problems_of_dev(section.get("dev", {})), *_problems_of_prod(prod)]
    if problems:
        raise ConfigurationError(
            f"config/use_cases/{use_case['name']}.yaml",
            problems,
            "Correct it, commit it and run deployment-scripts/upload-source-files.sh.",
        )
    return {"dev": dev, "prod": prod}


def _problems_of_dev(dev: Mapping[str, Any]) -> list[str]:
    """What a serverless endpoint does not support (developer guide, serverless-endpoints)."""
    if "serverless" not in dev:
        return []
    found = [key for key in ("instance_type", "instance_count") if key in dev]
    if dev.get("capture_percent"):
        found.append("capture_percent")
    return [
        f"endpoint.dev.{key}: a serverless endpoint does not have it; leave out this key or serverless"
        for key in found
    ]


def _problems_of_prod(prod: Mapping[str, Any]) -> list[str]:
    problems = []
    if "challenger" in prod and "shadow" in prod:
        problems.append(
            "endpoint.prod: found challenger and shadow; allowed: one of them, because SageMaker takes a "
            "shadow variant beside a single production variant only"
        )
    scaling = prod.get("autoscaling")
    if scaling and scaling["min"] > scaling["max"]:
        problems.append(
            f"endpoint.prod.autoscaling: found min {scaling['min']} and max {scaling['max']}; "
            "allowed: min is at most max"
        )
    return problems
