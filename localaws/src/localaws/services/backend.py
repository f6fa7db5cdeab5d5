"""What the backends have in common that replace moto's."""

from __future__ import annotations

import threading
from functools import cached_property, partial
from typing import Any, ClassVar

from localaws.core.context import Context, ContextFactory


class LocalBackend:
    """The first base class of a backend. The second is moto's backend, which keeps the records."""

    service_name: ClassVar[str]
    """The service in :attr:`context`, as botocore names it."""

    def __init__(self, context_factory: ContextFactory, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)  # type: ignore[call-arg]  # moto's, by the MRO
        self.region_name = region_name
        self.account_id = account_id
        self._context_factory = context_factory
        self._creation_lock = threading.Lock()

    @classmethod
    def created_by(cls, context_factory: ContextFactory) -> partial[Any]:
        """What moto calls with a region and an account to create a backend of this class."""
        return partial(cls, context_factory)

    @cached_property
    def context(self) -> Context:
        """Created on first use, because moto creates some backends only to read their URLs."""
        return self._context_factory(self.account_id, self.region_name, self.service_name)

    def close(self) -> None:
        """Stop everything that runs."""
        raise NotImplementedError

    def reset(self) -> None:
        """Stop everything that runs and forget all records."""
        self.close()
        arguments = (self._context_factory, self.region_name, self.account_id)
        self.__dict__ = {}
        # Not super().reset(): it calls __init__ without the context factory.
        self.__init__(*arguments)  # type: ignore[misc]
