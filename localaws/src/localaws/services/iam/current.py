"""The caller of the request that a thread answers, for code of moto that decides by itself."""

from __future__ import annotations

from contextvars import ContextVar

from localaws.core.call import Call
from localaws.services.iam.principals import Principal

_current: ContextVar[tuple[Call, Principal] | None] = ContextVar("caller", default=None)


def remember(call: Call, principal: Principal) -> None:
    """Make a request the current one of this thread."""
    _current.set((call, principal))


def current() -> tuple[Call, Principal] | None:
    """The current request and who makes it; None outside of a request."""
    return _current.get()
