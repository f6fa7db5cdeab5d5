"""Which endpoints have answered no request for a number of hours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

METRIC = "IdleEndpoints"
# GetMetricData takes at most 500 queries.
_BATCH = 500
_log = logging.getLogger(__name__)


def find_idle_endpoints(
    sagemaker: Any, cloudwatch: Any, prefix: str, hours: int, now: datetime
) -> dict[str, list[str]]:
    """Publish how many endpoints are idle, and return their names.

    An endpoint counts once it is as old as the time without requests. A serverless endpoint never counts:
    it costs nothing while nobody calls it.
    """
    start = now - timedelta(hours=hours)
    variants = list(_variants(sagemaker, prefix, start))
    called = _called(cloudwatch, variants, start, now)
    idle = sorted({name for name, _ in variants} - called)
    for name in idle:
        _log.warning(
            "endpoint %s has answered no request for %d hours and is charged by the hour: delete it, or set "
            "EndpointType to Batch", name, hours,
        )  # fmt: skip
    cloudwatch.put_metric_data(
        Namespace=prefix,
        MetricData=[{"MetricName": METRIC, "Timestamp": now, "Value": len(idle), "Unit": "Count"}],
    )
    return {"Idle": idle}


def _variants(sagemaker: Any, prefix: str, start: datetime) -> Iterator[tuple[str, str]]:
    """Endpoint and variant with instances, of the endpoints that are old enough."""
    pages = sagemaker.get_paginator("list_endpoints").paginate(
        NameContains=prefix, StatusEquals="InService", CreationTimeBefore=start
    )
    for summary in (summary for page in pages for summary in page["Endpoints"]):
        name = summary["EndpointName"]
        if not name.startswith(f"{prefix}-"):
            continue
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        for variant in endpoint.get("ProductionVariants", []):
            if "CurrentServerlessConfig" not in variant:
                yield name, variant["VariantName"]


def _called(
    cloudwatch: Any, variants: list[tuple[str, str]], start: datetime, now: datetime
) -> set[str]:
    """The endpoints of which a variant was called."""
    found = set()
    for first in range(0, len(variants), _BATCH):
        some = variants[first : first + _BATCH]
        queries = [
            {
                "Id": f"v{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SageMaker",
                        "MetricName": "Invocations",
                        "Dimensions": [
                            {"Name": "EndpointName", "Value": endpoint},
                            {"Name": "VariantName", "Value": variant},
                        ],
                    },
                    "Period": 3600,
                    "Stat": "Sum",
                },
            }
            for number, (endpoint, variant) in enumerate(some)
        ]
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=now
        )
        for result in (result for page in pages for result in page["MetricDataResults"]):
            if any(result["Values"]):
                found.add(some[int(result["Id"][1:])][0])
    return found
