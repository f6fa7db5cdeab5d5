"""What a run costs: the worst case that create_schema has stored, and what its jobs were charged for.

On localaws nothing is charged, and a second of this machine is no second of an instance: there the worst case
and the rates are shown, and nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from landing_zone.core.amounts import money, span
from landing_zone.core.aws import Clients
from landing_zone.core.manifest import Key
from landing_zone.core.s3 import read_json
from landing_zone.runs import logs
from landing_zone.runs.run import Run

COST_KEY = "config/cost.json"
_REFRESH = "python deployment-scripts/prices.py --refresh"


def read_cost(s3: Any, manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """The document that create_schema has stored; None for a run of an earlier version."""
    key = f"{manifest[Key.RUN_ID]}/{COST_KEY}"
    return read_json(s3, str(manifest[Key.WORKFLOW_BUCKET]), key)


def worst_case(cost: Mapping[str, Any]) -> list[str]:
    """What the jobs cost at most, and what each endpoint costs a month."""
    lines = []
    if cost["usd"] is None:
        lines.append("cost      unknown")
    else:
        limit = "" if cost["limit"] is None else f", MaxRunCost {cost['limit']}"
        lines.append(f"cost      the jobs cost at most {cost['usd']} USD{limit}")
    for one in cost["endpoints"]:
        low, high = one["instances"]
        what = f"{one['target']} {span(low, high)} x {one['instance_type']}"
        if one["usd_month"] is None:
            lines.append(f"endpoint  {what}: cost unknown")
            continue
        hour = money(*(Decimal(one["usd_hour"]) * count for count in (low, high)))
        month = money(*map(Decimal, one["usd_month"]))
        lines.append(
            f"endpoint  {what}: {hour} USD an hour, {month} a month, twice that during a rollout"
        )
    if cost["unknown"]:
        lines.append(
            f"prices    config/prices/{cost['region']}.json has none of {', '.join(cost['unknown'])}: "
            f"{_REFRESH}"
        )
    else:
        lines.append(f"prices    list prices of {cost['region']}, fetched {cost['fetched']}")
    return lines


def measured(sagemaker: Any, run: Run, cost: Mapping[str, Any]) -> list[str]:
    """The seconds of each job of this run's latest attempts, at the list price of its instance."""
    rates = {
        (job["instance_type"], job["component"]): job["usd_hour"]
        for job in cost["jobs"]
        if job["usd_hour"] is not None
    }
    lines, total, unknown = [], Decimal(0), False
    for state, component, kind, count, seconds, how in _jobs(sagemaker, run):
        rate = rates.get((kind, component))
        if rate is None:
            unknown, amount = True, "cost unknown"
        else:
            usd = Decimal(rate) * seconds * count / 3600
            total += usd
            amount = f"{usd:.4f} USD"
        lines.append(f"  {state:<12} {seconds} {how} s of {count} x {kind}: {amount}")
    if not lines:
        return []
    head = "unknown" if unknown else f"{total:.4f} USD"
    return [f"compute at list price, without storage and transfer: {head}", *lines]


def _jobs(sagemaker: Any, run: Run) -> Iterator[tuple[str, str, str, int, int, str]]:
    """State, component, instance type, instances, seconds, and who says how many seconds they are."""
    for step in (step for action in run.actions for step in action.steps):
        if step.log_group == logs.TRAINING_JOBS:
            job = sagemaker.describe_training_job(TrainingJobName=step.name)
            cluster = job["ResourceConfig"]
            found = ("Training", job.get("BillableTimeInSeconds"), "billed")
        elif step.log_group == logs.PROCESSING_JOBS:
            job = sagemaker.describe_processing_job(ProcessingJobName=step.name)
            cluster = job["ProcessingResources"]["ClusterConfig"]
            found = (
                "Processing",
                _seconds(job, "ProcessingStartTime", "ProcessingEndTime"),
                "measured",
            )
        elif step.log_group == logs.TRANSFORM_JOBS:
            job = sagemaker.describe_transform_job(TransformJobName=step.name)
            cluster = job["TransformResources"]
            found = (
                "Batch Transform",
                _seconds(job, "TransformStartTime", "TransformEndTime"),
                "measured",
            )
        else:
            continue
        component, seconds, how = found
        # A job that has not started, or has not ended yet, has none.
        if seconds is not None:
            yield (
                step.state,
                component,
                cluster["InstanceType"],
                cluster["InstanceCount"],
                seconds,
                how,
            )


def _seconds(job: Mapping[str, Any], start: str, end: str) -> int | None:
    if start not in job or end not in job:
        return None
    return round((job[end] - job[start]).total_seconds())


def cost_text(aws: Clients, run: Run, manifest: Mapping[str, Any], *, is_local: bool) -> str:
    """The worst case and, on AWS, what the jobs cost; empty for a run that has stored no cost."""
    cost = read_cost(aws.client("s3"), manifest)
    if cost is None:
        return ""
    lines = worst_case(cost)
    if not is_local:
        lines += measured(aws.client("sagemaker"), run, cost)
    return "\n".join(lines)
