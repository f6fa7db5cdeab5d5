"""The error a person sees."""

from __future__ import annotations


class OperatorError(Exception):
    """Raised when a person has to do something: the message names it, what was found, and the next step."""
