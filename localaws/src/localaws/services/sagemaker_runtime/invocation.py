"""One request to an endpoint, and what its container answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from localaws.services.sagemaker.serving.http import Answer

# Developer guide, your-algorithms-inference-code: a container has 60 seconds to answer.
INVOKE_SECONDS: Final = 60.0
_ATTRIBUTES: Final = "X-Amzn-SageMaker-Custom-Attributes"


@dataclass(frozen=True)
class Invocation:
    """A request to an endpoint."""

    endpoint: str
    body: bytes
    content_type: str | None = None
    accept: str | None = None
    custom_attributes: str | None = None
    inference_id: str | None = None
    target_variant: str | None = None
    target_container: str | None = None
    seconds: float = INVOKE_SECONDS
    """How long the container may take, in emulated seconds."""
    asynchronous: bool = False
    """Whether it came through InvokeEndpointAsync."""

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        """The request that the parameters of InvokeEndpoint describe."""
        return cls(
            params["EndpointName"],
            params.get("Body") or b"",
            params.get("ContentType"),
            params.get("Accept"),
            params.get("CustomAttributes"),
            params.get("InferenceId"),
            params.get("TargetVariant"),
            params.get("TargetContainerHostname"),
        )

    def with_body(self, body: bytes) -> Self:
        """The same request with another body."""
        return replace(self, body=body)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the container gets."""
        headers = {
            "Content-Type": self.content_type,
            "Accept": self.accept,
            _ATTRIBUTES: self.custom_attributes,
            "X-Amzn-SageMaker-Inference-Id": self.inference_id,
        }
        return {key: value for key, value in headers.items() if value is not None}


@dataclass(frozen=True)
class Result:
    """The answer of the variant that got the request."""

    answer: Answer
    variant: str

    @property
    def content_type(self) -> str | None:
        """The content type of the answer."""
        return self.answer.headers.get("content-type")

    @property
    def custom_attributes(self) -> str | None:
        """What the container has sent in the header of this name."""
        return self.answer.headers.get(_ATTRIBUTES.lower())
