"""The error that a person sees as a message."""

from __future__ import annotations


class OperatorError(Exception):
    """Raised when a person has to act: the message says what was found, what is allowed, the next step."""
