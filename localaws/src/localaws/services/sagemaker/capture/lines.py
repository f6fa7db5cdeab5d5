"""The format of a captured request: one line of JSON.

Developer guide, model-monitor-data-capture-endpoint ("View captured data").
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localaws.services.sagemaker.capture.settings import CaptureSettings, Encoding

DEFAULT_CONTENT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Captured:
    """A request and its answer."""

    variant: str
    time: datetime
    request: bytes
    request_type: str | None
    answer: bytes
    answer_type: str | None
    inference_id: str | None = None
    custom_attributes: str | None = None

    @property
    def size(self) -> int:
        """Bytes of both bodies."""
        return len(self.request) + len(self.answer)

    def line(self, settings: CaptureSettings) -> str:
        """The line of the file, without the line break."""
        data = {}
        if settings.input:
            data["endpointInput"] = _side("INPUT", self.request, self.request_type, settings)
        if settings.output:
            data["endpointOutput"] = _side("OUTPUT", self.answer, self.answer_type, settings)
        metadata: dict[str, Any] = {"eventId": str(uuid.uuid4())}
        if self.custom_attributes is not None:
            metadata["customAttributes"] = [self.custom_attributes]
        if self.inference_id is not None:
            metadata["inferenceId"] = self.inference_id
        metadata["inferenceTime"] = self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
        return json.dumps(event, separators=(",", ":"))


def _side(
    mode: str, body: bytes, content_type: str | None, settings: CaptureSettings
) -> dict[str, str]:
    encoding = settings.encoding(content_type)
    try:
        text = "" if encoding is Encoding.BASE64 else body.decode()
    except UnicodeDecodeError:
        # The content type promises text, and the body is none.
        encoding = Encoding.BASE64
    if encoding is Encoding.BASE64:
        text = base64.b64encode(body).decode()
    return {
        "observedContentType": content_type or DEFAULT_CONTENT_TYPE,
        "mode": mode,
        "data": text,
        "encoding": encoding,
    }
