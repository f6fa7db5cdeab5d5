"""The base class of a service that localaws runs itself."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from localaws.context import Context

# For a service in which every operation that we do not define is left to moto.
ALL_OTHERS: Final = frozenset({"*"})


class Provider:
    """One service in one account and region.

    A subclass defines one method an operation, named by AWS's verb in snake_case. It takes the parsed and
    validated request as a dictionary in botocore's input shape and returns a dictionary in botocore's
    output shape, or raises :class:`~localaws.errors.AwsError`.
    """

    service_name: ClassVar[str]
    """botocore's name of the service."""

    delegated: ClassVar[frozenset[str]] = frozenset()
    """Operations (AWS's spelling, e.g. ``CreateModelPackage``) that moto serves; or ALL_OTHERS."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def close(self) -> None:
        """Stop every thread and process of this service. Called when the server stops or is reset."""

    def delegates(self, operation: str) -> bool:
        """Whether moto serves ``operation``."""
        return operation in self.delegated or self.delegated is ALL_OTHERS

    def operation(self, method_name: str) -> Any:
        """The method that runs an operation, or None when this service does not define it."""
        if method_name.startswith("_") or hasattr(Provider, method_name):
            return None
        return getattr(self, method_name, None)
