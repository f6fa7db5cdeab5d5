"""The test of the dev endpoint in a run: part of the evidence for the approval of its model."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code

# lambdas/test_endpoint writes it.
RESULTS = "deployment/dev.json"


def dev_test_text(s3: Any, bucket: str, run_id: str) -> str:
    """One line about the test, or that there was none."""
    key = f"{run_id}/{RESULTS}"
    try:
        results = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchKey"}:
            raise
        return "dev test  none: the use case has no dev endpoint (endpoint.dev.enabled)"
    verdict = "passed" if results["Passed"] else "failed"
    return (
        f"dev test  {verdict}: {results['Summary']}; {results['EndpointName']}, s3://{bucket}/{key}"
    )
