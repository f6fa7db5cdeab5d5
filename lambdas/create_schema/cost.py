"""What a run costs at most: the longest time that each job may run, at the list price of its instance.

Prices come from config/prices/{region}.json of the source bucket. A price that is missing there is unknown:
nothing is assumed in its place. The result is stored with the run, because prices change later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from common.errors import AccessError, ConfigurationError
from common.manifest import Manifest
from create_schema.use_case import UseCase

FOLDER = "config/prices/"
COST_KEY = "config/cost.json"
MAX_BYTES = 1_000_000
# Name, component of SageMaker's prices, and the seconds after which workflow/state_machines/ stops the job.
TRAINING_JOBS = (
    ("preprocess", "Processing", 14_400),
    ("train", "Training", 86_400),
    ("evaluate", "Processing", 14_400),
)
TRANSFORM_JOB = ("transform", "Batch Transform", 86_400)
HOSTING = "Hosting"
# AWS charges by the hour; a month has 730.
HOURS = Decimal(730)
_REFRESH = "python deployment-scripts/prices.py --refresh"


@dataclass(frozen=True)
class Prices:
    """USD an hour by instance type and component, and the day on which they were fetched."""

    usd: Mapping[tuple[str, str], Decimal]
    fetched: str
    region: str

    def of(self, instance_type: str, component: str) -> Decimal | None:
        return self.usd.get((instance_type, component))


def read_prices(s3: Any, bucket: str, region: str) -> Prices:
    """The price file of the region; without one, every price is unknown."""
    key = f"{FOLDER}{region}.json"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_BYTES)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
            return Prices({}, "", region)
        raise AccessError(
            f"s3://{bucket}/{key} cannot be read: {error}. Look at the role of this function "
            "(infra/modules/manifest), then retry the stage."
        ) from error
    try:
        document = json.loads(body)
        usd = {
            (kind, component): Decimal(row["usd"])
            for kind, rows in document.get("instances", {}).items()
            for component, row in rows.items()
        }
        if not all(value.is_finite() and value >= 0 for value in usd.values()):
            raise ValueError("a price that is negative or no number")
        return Prices(usd, str(document.get("fetched", "")), region)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ConfigurationError(
            f"s3://{bucket}/{key}",
            f"holds no prices: {error!r}",
            f"Run {_REFRESH}, then deployment-scripts/upload-source-files.sh.",
        ) from error


def estimate(manifest: Manifest, use_case: UseCase, prices: Prices) -> dict[str, Any]:
    """The document that is stored with the run; every amount is text, or null where it is unknown."""
    is_batch = manifest["EndpointType"] == "Batch"
    jobs = [
        _job(name, component, seconds, manifest["InstanceType"], prices)
        for name, component, seconds in (*TRAINING_JOBS, *([TRANSFORM_JOB] if is_batch else []))
    ]
    hosted = [] if is_batch else endpoints_of(use_case["endpoint"])
    endpoints = [_endpoint(*found, prices) for found in hosted]
    amounts = [job["usd"] for job in jobs]
    known = [Decimal(amount) for amount in amounts if amount is not None]
    return {
        "currency": "USD",
        "region": prices.region,
        "fetched": prices.fetched,
        "limit": manifest.get("MaxRunCost"),
        "jobs": jobs,
        "usd": None if len(known) < len(amounts) else _text(sum(known, Decimal(0))),
        "endpoints": endpoints,
        "unknown": sorted(
            {f"{part['instance_type']} ({part['component']})" for part in (*jobs, *endpoints)
             if part["usd_hour"] is None}
        ),
    }  # fmt: skip


def check_limit(cost: Mapping[str, Any]) -> None:
    """Refuse the run when its jobs may cost more than MaxRunCost, or when that is not known."""
    limit = cost["limit"]
    if limit is None:
        return
    place = f"{FOLDER}{cost['region']}.json"
    if cost["unknown"]:
        raise ConfigurationError(
            "MaxRunCost",
            f"found {limit} USD, but {place} has no price of {', '.join(cost['unknown'])}, so nobody "
            "knows what this run may cost",
            f"Run {_REFRESH}, commit {place} and run deployment-scripts/upload-source-files.sh; or set "
            "MaxRunCost to null in config/manifest.json.",
        )
    if Decimal(cost["usd"]) > Decimal(str(limit)):
        parts = ", ".join(
            f"{job['name']} {job['usd']} ({job['max_seconds'] / 3600:g} h of {job['instance_type']} at "
            f"{job['usd_hour']} an hour)"
            for job in cost["jobs"]
        )
        raise ConfigurationError(
            "MaxRunCost",
            f"found {limit} USD; this run may cost {cost['usd']} USD: {parts}",
            "Choose a smaller InstanceType or raise MaxRunCost in config/manifest.json, commit it and run "
            "deployment-scripts/upload-source-files.sh.",
        )


def summary_of(cost: Mapping[str, Any]) -> str:
    """For the message of the pipeline action."""
    if cost["usd"] is None:
        return "What its jobs cost is unknown."
    return f"Its jobs cost at most {cost['usd']} USD."


def endpoints_of(endpoint: Mapping[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    """Target, instance type, fewest and most instances; a serverless endpoint has no instances.

    Args:
        endpoint: the section of the use case, as resolve_endpoint has completed it.
    """
    dev, prod = endpoint["dev"], endpoint["prod"]
    if dev["enabled"] and "serverless" not in dev:
        yield "dev", dev["instance_type"], dev["instance_count"], dev["instance_count"]
    # A challenger and a shadow are variants with instances of their own.
    variants = 1 + ("challenger" in prod) + ("shadow" in prod)
    fewest = most = prod["instance_count"]
    if "autoscaling" in prod:
        fewest, most = prod["autoscaling"]["min"], prod["autoscaling"]["max"]
    yield "prod", prod["instance_type"], fewest * variants, most * variants


def _job(name: str, component: str, seconds: int, kind: str, prices: Prices) -> dict[str, Any]:
    price = prices.of(kind, component)
    return {
        "name": name,
        "component": component,
        "instance_type": kind,
        "max_seconds": seconds,
        "usd_hour": None if price is None else str(price),
        "usd": None if price is None else _text(price * seconds / 3600),
    }


def _endpoint(target: str, kind: str, fewest: int, most: int, prices: Prices) -> dict[str, Any]:
    price = prices.of(kind, HOSTING)
    month = None if price is None else [_text(price * HOURS * count) for count in (fewest, most)]
    return {
        "target": target,
        "component": HOSTING,
        "instance_type": kind,
        "instances": [fewest, most],
        # Of one instance.
        "usd_hour": None if price is None else str(price),
        "usd_month": month,
    }


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"
