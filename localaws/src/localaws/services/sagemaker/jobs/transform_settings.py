"""How a transform job cuts its input and sends its requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.serving.chain import ContainerChain

_MB = 1024 * 1024


@dataclass(frozen=True)
class TransformSettings:
    """The request with its defaults (API reference, CreateTransformJob)."""

    by_line: bool
    single_record: bool
    gzip: bool
    payload: int
    """The largest request body, in bytes."""
    concurrency: int
    seconds: float
    """The time for one answer."""
    retries: int
    assemble_lines: bool
    headers: Mapping[str, str]


def transform_settings(request: dict[str, Any], container: ContainerChain) -> TransformSettings:
    """The settings of a job. Those that the request leaves out come from the container.

    Raises:
        RequestError: the container proposes what is not emulated.
    """
    proposed = _proposed(container)
    source, target = request["TransformInput"], request["TransformOutput"]
    client = request.get("ModelClientConfig", {})
    strategy = request.get("BatchStrategy") or {
        "SINGLE_RECORD": "SingleRecord", "MULTI_RECORD": "MultiRecord",
    }.get(str(proposed.get("BatchStrategy")), "MultiRecord")  # fmt: skip
    headers = {"Content-Type": source.get("ContentType") or "application/octet-stream"}
    if target.get("Accept"):
        headers["Accept"] = target["Accept"]
    payload = request.get("MaxPayloadInMB", proposed.get("MaxPayloadInMB", 6))
    if payload == 0:
        raise RequestError(
            "MaxPayloadInMB 0 (chunked encoding) is not emulated by localaws; use 1 to 100"
        )
    return TransformSettings(
        by_line=source.get("SplitType", "None") == "Line",
        single_record=strategy == "SingleRecord",
        gzip=source.get("CompressionType", "None") == "Gzip",
        payload=int(payload) * _MB,
        concurrency=max(
            1,
            int(
                request.get("MaxConcurrentTransforms")
                or proposed.get("MaxConcurrentTransforms")
                or 1
            ),
        ),
        seconds=client.get("InvocationsTimeoutInSeconds", 600),
        retries=client.get("InvocationsMaxRetries", 3),
        assemble_lines=target.get("AssembleWith", "None") == "Line",
        headers=headers,
    )


def _proposed(container: ContainerChain) -> dict[str, Any]:
    """The container's answer to GET /execution-parameters, which takes precedence over the defaults."""
    answer = container.execution_parameters()
    if answer is None or answer.status != 200:
        return {}
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
