"""The test of a dev endpoint, in order: smoke, load, verdict, results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.storage import encryption
from test_endpoint.load import Result, run_load
from test_endpoint.rows import Rows, read_rows
from test_endpoint.settings import Settings

SMOKE_ROWS = 3
_CSV = "text/csv"


@dataclass(frozen=True)
class Clients:
    runtime: Any
    s3: Any


def test_endpoint(
    event: Mapping[str, Any],
    settings: Settings,
    clients: Clients,
    load: Callable[..., Result] = run_load,
) -> dict[str, Any]:
    """Test the endpoint and store the results.

    Args:
        event: `EndpointName`, `EndpointConfigName`, `ModelPackageArn`, `RunId`, and the thresholds in `Test`.
        settings: where the rows are, and the key of the results.
        clients: of AWS.
        load: sends the requests of the load test.
    """
    endpoint, run_id, wanted = event["EndpointName"], event["RunId"], event["Test"]
    rows = read_rows(clients.s3, settings.workflow_bucket, run_id)
    ask = _Asker(clients.runtime, endpoint, rows)
    smoke = ask.smoke()
    found = None if smoke else load(ask, wanted["requests"], wanted["rate"])
    problems = [f"smoke test: {smoke}"] if smoke else []
    if found:
        problems += over_thresholds(found, wanted)
    key = f"{run_id}/deployment/dev.json"
    answer = {
        "Passed": not problems,
        "Summary": "; ".join(problems) or _summary(found),
        "Location": f"s3://{settings.workflow_bucket}/{key}",
    }
    results = {
        **answer,
        "EndpointName": endpoint,
        "EndpointConfigName": event["EndpointConfigName"],
        "ModelPackageArn": event["ModelPackageArn"],
        "TestedAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "Thresholds": dict(wanted),
        "Load": _load_results(found) if found else None,
    }
    clients.s3.put_object(
        Bucket=settings.workflow_bucket,
        Key=key,
        Body=json.dumps(results, indent=2).encode(),
        ContentType="application/json",
        **encryption(settings.kms_key_arn),
    )
    return answer


class _Asker:
    """Sends rows to the endpoint and looks at the answers."""

    def __init__(self, runtime: Any, endpoint: str, rows: Rows) -> None:
        self._runtime, self._endpoint, self._rows = runtime, endpoint, rows

    def smoke(self) -> str | None:
        """Send some rows at once: there must be an answer to each, of the right kind."""
        body = b"".join(self._rows.body(number) for number in range(SMOKE_ROWS))
        return self._send(body, SMOKE_ROWS)

    def __call__(self, number: int) -> str | None:
        return self._send(self._rows.body(number), 1)

    def _send(self, body: bytes, rows: int) -> str | None:
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint, ContentType=_CSV, Accept=_CSV, Body=body
            )
        except ClientError as error:
            status = error.response["ResponseMetadata"].get("HTTPStatusCode", "")
            return f"{error.response['Error']['Code']} {status}".strip()
        except BotoCoreError as error:
            return type(error).__name__
        return self._rows.problem(answer["Body"].read(), rows)


def over_thresholds(result: Result, wanted: Mapping[str, Any]) -> list[str]:
    """The thresholds that a load test has not kept."""
    problems = []
    if result.error_rate > wanted["max_error_rate"]:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(result.errors.items()))
        problems.append(
            f"max_error_rate: found {result.error_rate:.4g} ({kinds}), allowed {wanted['max_error_rate']}"
        )
    p99 = result.percentile(99)
    if p99 > wanted["max_p99_milliseconds"]:
        problems.append(
            f"max_p99_milliseconds: found {p99:.0f}, allowed {wanted['max_p99_milliseconds']}"
        )
    return problems


def _summary(result: Result | None) -> str:
    if result is None:
        return ""
    return (
        f"{result.requests} requests, {result.error_rate:.2%} failed, "
        f"p50 {result.percentile(50):.0f} ms, p99 {result.percentile(99):.0f} ms"
    )


def _load_results(result: Result) -> dict[str, Any]:
    percentiles = {f"p{value:g}": round(result.percentile(value), 1) for value in (50, 90, 95, 99)}
    return {
        "Requests": result.requests,
        "ErrorRate": result.error_rate,
        "Errors": result.errors,
        "LatencyMilliseconds": percentiles,
    }
