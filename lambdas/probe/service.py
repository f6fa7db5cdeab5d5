"""Send rows to the API and publish the share of the requests that got predictions."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from botocore.exceptions import HTTPClientError

from probe.client import Client
from probe.settings import Settings

METRIC = "SuccessPercent"

logger = logging.getLogger(__name__)


def probe(
    event: Mapping[str, Any], settings: Settings, client: Client, cloudwatch: Any
) -> dict[str, Any]:
    """The event names a use case and rows of it, each as a line of CSV."""
    use_case, rows = event["use_case"], event["rows"]
    url = f"{settings.api_url}/{settings.route}/{use_case}"
    succeeded = sum(_is_answered(client, url, row) for row in rows)
    percent = 100 * succeeded / len(rows)
    cloudwatch.put_metric_data(
        Namespace=settings.namespace,
        MetricData=[
            {
                "MetricName": METRIC,
                "Dimensions": [{"Name": "UseCase", "Value": use_case}],
                "Value": percent,
                "Unit": "Percent",
            }
        ],
    )
    result = {"use_case": use_case, "requests": len(rows), "succeeded": succeeded, METRIC: percent}
    logger.info("probed", extra=result)
    return result


def _is_answered(client: Client, url: str, row: str) -> bool:
    try:
        status, document = client.post(url, {"context": row})
    except HTTPClientError as error:
        logger.warning("no answer: %s", error)
        return False
    predictions = document.get("predictions") if isinstance(document, dict) else None
    if status == HTTPStatus.OK and isinstance(predictions, list) and len(predictions) == 1:
        return True
    logger.warning("answered %d: %s", status, document)
    return False
