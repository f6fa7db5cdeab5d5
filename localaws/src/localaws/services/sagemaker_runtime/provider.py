"""InvokeEndpoint: a request to the fleet that has the endpoint's traffic."""

from __future__ import annotations

from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import Provider, operation
from localaws.services.sagemaker_runtime.async_operations import AsyncOperations
from localaws.services.sagemaker_runtime.errors import body_too_long
from localaws.services.sagemaker_runtime.invocation import Invocation
from localaws.services.sagemaker_runtime.invoker import Invoker

# sagemaker-runtime's service model, BodyBlob.
MAX_BODY_BYTES: Final = 6 * 1024 * 1024
_REFUSED: Final = (
    "TargetModel", "EnableExplanations", "InferenceComponentName", "SessionId",
    "PrefixAwareId",
)  # fmt: skip


class SageMakerRuntimeProvider(Provider):
    """sagemaker-runtime in one account and region."""

    service_name = "sagemaker-runtime"

    def __init__(self, context: Context) -> None:
        self._invoker = Invoker(context)
        self._asynchronous = AsyncOperations(context, self._invoker)
        super().__init__(context, self._asynchronous)

    def close(self) -> None:
        """Forget what waits."""
        self._asynchronous.close()
        self._invoker.close()

    @operation
    def invoke_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """Send the body to a container and return its answer."""
        for member in _REFUSED:
            if params.get(member):
                raise AwsError(
                    "ValidationError",
                    f"localaws does not emulate InvokeEndpoint with {member}={params[member]!r}. "
                    "Leave it out.",
                )
        invocation = Invocation.read(params)
        if len(invocation.body) > MAX_BODY_BYTES:
            raise body_too_long(len(invocation.body), MAX_BODY_BYTES)
        result = self._invoker.invoke(invocation)
        return {
            "Body": result.answer.body,
            "ContentType": result.content_type,
            "InvokedProductionVariant": result.variant,
            "CustomAttributes": result.custom_attributes,
        }
