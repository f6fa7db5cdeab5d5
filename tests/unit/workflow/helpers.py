"""Shared by the tests of the jobs."""

from __future__ import annotations


def as_csv(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)
