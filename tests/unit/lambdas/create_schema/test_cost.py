"""The worst case of a run: the longest time of each job at its list price, and MaxRunCost."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from common.errors import AccessError, ConfigurationError
from create_schema import cost
from create_schema.cost import Prices, check_limit, endpoints_of, estimate, read_prices
from create_schema.endpoint import resolve_endpoint
from landing_zone.plans import endpoints as of_the_scripts
from tests.unit.lambdas import fakes

KEY = "config/prices/eu-west-1.json"
MANIFEST: dict[str, Any] = {
    "EndpointType": "SageMakerEndpoint",
    "InstanceType": "ml.m5.xlarge",
    "EndpointInstanceType": "ml.m5.large",
    "EndpointInstanceCount": 2,
    "MaxRunCost": None,
}


def use_case(endpoint: dict[str, Any]) -> dict[str, Any]:
    """A use case as create_schema prices it: with everything that its endpoints leave out."""
    section = {"name": "housing", "endpoint": endpoint}
    return {**section, "endpoint": resolve_endpoint(section, MANIFEST)}


USE_CASE = use_case({})
ROWS = {
    "ml.m5.xlarge": {
        "Processing": {"usd": "0.25"},
        "Training": {"usd": "0.5"},
        "Batch Transform": {"usd": "0.125"},
    },
    "ml.m5.large": {"Hosting": {"usd": "0.1"}},
}
FILE = {"region": "eu-west-1", "fetched": "2026-01-02", "prices": {}, "instances": ROWS}


def prices(document: Any = FILE) -> Prices:
    s3 = fakes.FakeS3()
    s3.put(fakes.SOURCE, KEY, json.dumps(document))
    return read_prices(s3, fakes.SOURCE, "eu-west-1")


def test_the_jobs_are_charged_for_the_longest_time_that_they_may_run() -> None:
    found = estimate(MANIFEST, USE_CASE, prices())

    # 4 h, 24 h and 4 h.
    assert [job["usd"] for job in found["jobs"]] == ["1.00", "12.00", "1.00"]
    assert found["usd"] == "14.00"
    assert (found["fetched"], found["unknown"]) == ("2026-01-02", [])
    assert cost.summary_of(found) == "Its jobs cost at most 14.00 USD."
    batch = estimate({**MANIFEST, "EndpointType": "Batch"}, USE_CASE, prices())
    assert (batch["usd"], batch["endpoints"]) == ("17.00", [])


def test_an_endpoint_is_charged_by_the_hour_until_it_is_removed() -> None:
    endpoint = {
        "dev": {"enabled": True},
        "prod": {"autoscaling": {"min": 1}, "shadow": {}},
    }
    found = estimate(MANIFEST, use_case(endpoint), prices())["endpoints"]

    assert [(one["target"], one["instances"], one["usd_month"]) for one in found] == [
        ("dev", [1, 1], ["73.00", "73.00"]),
        # Two variants of one to ten instances.
        ("prod", [2, 20], ["146.00", "1460.00"]),
    ]


@pytest.mark.parametrize("endpoint", [
    {},
    {"dev": {"enabled": True}},
    {"dev": {"enabled": True, "serverless": {"memory_mb": 2048, "max_concurrency": 5}}},
    {"dev": {"enabled": False}, "prod": {"instance_type": "ml.c5.large", "instance_count": 3}},
    {"prod": {"autoscaling": {}, "challenger": {}}},
])  # fmt: skip
def test_the_scripts_read_the_same_endpoints(endpoint: dict[str, Any]) -> None:
    assert list(endpoints_of(use_case(endpoint)["endpoint"])) == list(
        of_the_scripts.endpoints_of({"endpoint": endpoint}, MANIFEST)
    )


def test_a_price_that_is_missing_is_unknown() -> None:
    partly = prices({**FILE, "instances": {"ml.m5.xlarge": {"Processing": {"usd": "0.25"}}}})
    found = estimate(MANIFEST, USE_CASE, partly)

    assert found["usd"] is None
    assert [job["usd"] for job in found["jobs"]] == ["1.00", None, "1.00"]
    assert found["endpoints"][0]["usd_month"] is None
    assert found["unknown"] == ["ml.m5.large (Hosting)", "ml.m5.xlarge (Training)"]
    check_limit(found)
    with pytest.raises(ConfigurationError) as caught:
        check_limit({**found, "limit": 100})
    assert "no price of ml.m5.large (Hosting), ml.m5.xlarge (Training)" in str(caught.value)
    assert "prices.py --refresh" in str(caught.value)
    nothing = read_prices(fakes.FakeS3(), fakes.SOURCE, "eu-west-1")
    assert estimate(MANIFEST, USE_CASE, nothing)["usd"] is None


def test_a_run_that_may_cost_more_than_the_limit_is_refused_with_each_part() -> None:
    check_limit(estimate({**MANIFEST, "MaxRunCost": 14}, USE_CASE, prices()))
    with pytest.raises(ConfigurationError) as caught:
        check_limit(estimate({**MANIFEST, "MaxRunCost": 13.99}, USE_CASE, prices()))

    message = str(caught.value)
    assert "found 13.99 USD; this run may cost 14.00 USD" in message
    assert "train 12.00 (24 h of ml.m5.xlarge at 0.5 an hour)" in message
    assert "raise MaxRunCost" in message


def test_a_price_is_exact() -> None:
    assert prices({"instances": {"ml.m5.large": {"Hosting": {"usd": "0.1150000000"}}}}).usd == {
        ("ml.m5.large", "Hosting"): Decimal("0.115")
    }


@pytest.mark.parametrize("document", [
    [], {"instances": []}, {"instances": {"ml.m5.large": {"Hosting": {}}}},
    {"instances": {"ml.m5.large": {"Hosting": {"usd": "-1"}}}},
    {"instances": {"ml.m5.large": {"Hosting": {"usd": "free"}}}},
    {"instances": {"ml.m5.large": {"Hosting": {"usd": "NaN"}}}},
])  # fmt: skip
def test_a_file_that_holds_no_prices_is_refused(document: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"prices\.py --refresh"):
        prices(document)


def test_a_file_that_must_not_be_read_is_a_question_of_rights() -> None:
    with pytest.raises(AccessError, match="infra/modules/manifest"):
        read_prices(fakes.FakeS3(denied={"GetObject"}), fakes.SOURCE, "eu-west-1")


def test_the_times_are_those_of_the_state_machines() -> None:
    """A job is stopped by its own limit; a transform job has none, so the state's time counts."""
    folder = fakes.REPOSITORY / "workflow/state_machines"
    machines = [
        json.loads((folder / f"{name}.asl.json").read_text())["States"]
        for name in ("training", "inference")
    ]
    found = []
    for states in machines:
        for state in states.values():
            action = str(state.get("Resource", "")).rpartition(":")[2]
            if action in {"createProcessingJob.sync", "createTrainingJob.sync"}:
                found.append(state["Parameters"]["StoppingCondition"]["MaxRuntimeInSeconds"])
            elif action == "createTransformJob.sync":
                found.append(state["TimeoutSeconds"])
                assert state["Parameters"]["TransformResources"]["InstanceCount"] == 1
    assert found == [seconds for _, _, seconds in (*cost.TRAINING_JOBS, cost.TRANSFORM_JOB)]
