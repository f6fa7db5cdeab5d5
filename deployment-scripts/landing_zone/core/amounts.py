"""Counts of instances and amounts of money that have a smallest and a largest value."""

from __future__ import annotations

from decimal import Decimal


def span(minimum: int, maximum: int) -> str:
    """2, or 2...10."""
    return f"{minimum}" if minimum == maximum else f"{minimum}...{maximum}"


def money(minimum: Decimal, maximum: Decimal) -> str:
    """0.10, or 0.10...1.00."""
    low, high = f"{minimum:.2f}", f"{maximum:.2f}"
    return low if low == high else f"{low}...{high}"
