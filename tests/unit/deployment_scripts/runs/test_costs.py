"""The worst case of a run as it is shown, and the seconds of its jobs at their list price."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from landing_zone.core.amounts import money
from landing_zone.runs import logs
from landing_zone.runs.approvals import evidence_for
from landing_zone.runs.costs import cost_text, measured, worst_case
from landing_zone.runs.history import Step
from landing_zone.runs.run import Action, Run
from tests.unit.deployment_scripts.commands.test_run import Scene
from tests.unit.deployment_scripts.fakes import MANIFEST, FakeAws

START = datetime(2026, 1, 2, tzinfo=UTC)
COST: dict[str, Any] = {
    "region": "eu-west-1",
    "fetched": "2026-01-02",
    "limit": 20,
    "jobs": [
        {"instance_type": "ml.m5.xlarge", "component": "Processing", "usd_hour": "0.36"},
        {"instance_type": "ml.m5.xlarge", "component": "Training", "usd_hour": "0.72"},
    ],
    "usd": "14.00",
    "endpoints": [
        {"target": "prod", "instance_type": "ml.m5.large", "instances": [2, 10],
         "usd_hour": "0.1", "usd_month": ["146.00", "730.00"]},
    ],
    "unknown": [],
}  # fmt: skip


class Jobs:
    """SageMaker with a processing job of 100 s, a training job that was billed 50 s, and one that runs."""

    def describe_processing_job(self, ProcessingJobName: str) -> dict[str, Any]:  # noqa: N803
        cluster = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}
        times = {"ProcessingStartTime": START, "ProcessingEndTime": START + timedelta(seconds=100)}
        return {"ProcessingResources": {"ClusterConfig": cluster}, **times}

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:  # noqa: N803
        cluster = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}
        return {"ResourceConfig": cluster, "BillableTimeInSeconds": 50}

    def describe_transform_job(self, TransformJobName: str) -> dict[str, Any]:  # noqa: N803
        return {"TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}}


def run_with(*groups: str) -> Run:
    steps = tuple(
        Step(f"State{number}", f"job-{number}", "Succeeded", START, log_group=group)
        for number, group in enumerate(groups)
    )
    return Run("run-1", "Succeeded", (Action("S", "A", "StepFunctions", steps=steps),), {})


def test_the_worst_case_has_its_limit_its_endpoints_and_the_day_of_the_prices() -> None:
    assert worst_case(COST) == [
        "cost      the jobs cost at most 14.00 USD, MaxRunCost 20",
        "endpoint  prod 2...10 x ml.m5.large: 0.20...1.00 USD an hour, 146.00...730.00 a month, "
        "twice that during a rollout",
        "prices    list prices of eu-west-1, fetched 2026-01-02",
    ]


def test_an_unknown_price_is_named() -> None:
    endpoint = {**COST["endpoints"][0], "usd_hour": None, "usd_month": None}
    lines = worst_case(
        {**COST, "usd": None, "endpoints": [endpoint], "unknown": ["ml.m5.large (Hosting)"]}
    )

    assert lines[:2] == ["cost      unknown", "endpoint  prod 2...10 x ml.m5.large: cost unknown"]
    assert "config/prices/eu-west-1.json has none of ml.m5.large (Hosting)" in lines[2]


def test_the_jobs_of_a_run_are_charged_by_their_seconds() -> None:
    run = run_with(logs.PROCESSING_JOBS, logs.TRAINING_JOBS, logs.TRANSFORM_JOBS, "other")

    assert measured(Jobs(), run, COST) == [
        "compute at list price, without storage and transfer: 0.0300 USD",
        "  State0       100 measured s of 1 x ml.m5.xlarge: 0.0100 USD",
        "  State1       50 billed s of 2 x ml.m5.xlarge: 0.0200 USD",
    ]
    unknown = measured(Jobs(), run, {**COST, "jobs": []})
    assert unknown[0].endswith(": unknown")
    assert unknown[1].endswith("ml.m5.xlarge: cost unknown")
    assert measured(Jobs(), run_with(), COST) == []


def test_on_localaws_nothing_is_measured() -> None:
    scene = Scene()
    body = json.dumps(COST).encode()
    assert cost_text(scene.aws, run_with(), MANIFEST, is_local=True) == ""
    scene.s3.put_object(Bucket="workflow-bucket", Key="run-1/config/cost.json", Body=body)
    aws = FakeAws(s3=scene.s3, sagemaker=Jobs())
    run = run_with(logs.PROCESSING_JOBS)

    assert "compute at list price" not in cost_text(aws, run, MANIFEST, is_local=True)
    assert "compute at list price" in cost_text(aws, run, MANIFEST, is_local=False)
    for approval in ("UploadSourceData", "ApproveModel"):
        action = Action("S", approval, "Manual")
        evidence = evidence_for(scene.aws, scene.pipeline, scene.pipeline.read("run-1"), action)
        assert "the jobs cost at most 14.00 USD" in evidence


def test_an_amount_that_does_not_vary_is_written_once() -> None:
    assert money(Decimal(1), Decimal("1.001")) == "1.00"
