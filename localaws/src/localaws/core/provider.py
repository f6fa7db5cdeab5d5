"""The base class of a service that localaws runs itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from localaws.core.context import Context

Operation = Callable[[dict[str, Any]], dict[str, Any] | None]
"""From an input in botocore's shape to an output in botocore's shape."""

# Every operation that the provider does not define is moto's.
ALL_OTHERS: Final = frozenset({"*"})
_MARK: Final = "_is_operation"


def operation(method: Any) -> Any:
    """Mark a method as an operation of AWS, named as in boto3."""
    setattr(method, _MARK, True)
    return method


class Provider:
    """One service in one account and region.

    An operation is a method marked with :func:`operation`, of the provider or of one of its resources. It
    takes the parsed and validated input as a dictionary in botocore's shape and returns the output in
    botocore's shape, or raises :class:`~localaws.core.errors.AwsError`.

    Args:
        context: the surroundings of the service.
        resources: objects with further operations of the service.
    """

    service_name: ClassVar[str]
    """botocore's name of the service."""

    delegated: ClassVar[frozenset[str]] = frozenset()
    """Operations (AWS's spelling, e.g. ``CreateModelPackage``) that moto serves; or ALL_OTHERS."""

    def __init__(self, context: Context, *resources: object) -> None:
        self.context = context
        self._operations: dict[str, Operation] = {}
        for owner in (self, *resources):
            self._add_operations_of(owner)

    def close(self) -> None:
        """Stop every thread and process of this service. Called when the server stops."""

    def delegates(self, operation: str) -> bool:
        """Whether moto serves ``operation``."""
        return operation in self.delegated or self.delegated is ALL_OTHERS

    def operation(self, method_name: str) -> Operation | None:
        """The method that runs an operation, or None when this service does not define it."""
        return self._operations.get(method_name)

    def _add_operations_of(self, owner: object) -> None:
        for name in dir(type(owner)):
            if not getattr(getattr(type(owner), name), _MARK, False):
                continue
            if name in self._operations:
                raise ValueError(
                    f"{self.service_name}: {name} is defined twice, the second time by "
                    f"{type(owner).__name__}. An operation belongs to one resource."
                )
            self._operations[name] = getattr(owner, name)


ProviderFactory = Callable[[Context], Provider]
"""Makes the provider of a service in the account and region of a context."""
