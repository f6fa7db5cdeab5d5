"""Captured traffic of an endpoint, written as SageMaker writes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def record(
    data: str,
    answer: str,
    content_type: str = "text/csv",
    accept: str = "text/csv",
    inference_id: str = "",
    time: str = "2026-05-01T10:00:00Z",
) -> str:
    event = {"eventId": "00000000-0000-0000-0000-000000000000", "inferenceTime": time}
    if inference_id:
        event["inferenceId"] = inference_id
    return json.dumps(
        {
            "captureData": {
                "endpointInput": part("INPUT", data, content_type),
                "endpointOutput": part("OUTPUT", answer, accept),
            },
            "eventMetadata": event,
            "eventVersion": "0",
        }
    )


def part(mode: str, data: str, content_type: str) -> dict[str, str]:
    encoding = "CSV" if content_type.startswith("text/csv") else "JSON"
    return {
        "observedContentType": content_type,
        "mode": mode,
        "data": data,
        "encoding": encoding,
    }


def write_capture(folder: Path, records: Sequence[str], name: str = "00-00-000-a.jsonl") -> Path:
    path = folder / "AllTraffic/2026/05/01/10" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in records), encoding="utf-8")
    return folder


def as_json(rows: Sequence[Any]) -> str:
    return json.dumps({"instances": rows})
