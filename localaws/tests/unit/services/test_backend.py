"""What the backends that replace moto's have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from localaws.services.backend import LocalBackend


class Records:
    """Takes the place of moto's backend."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.records: list[str] = []


class Backend(LocalBackend, Records):
    service_name: ClassVar[str] = "lambda"
    closed = 0

    def close(self) -> None:
        Backend.closed += 1


def contexts(*arguments: str) -> Any:
    return arguments


def test_a_backend_is_created_as_moto_does_and_has_the_context_of_its_service() -> None:
    backend = Backend.created_by(contexts)("eu-west-1", account_id="123456789012")
    assert backend.context == ("123456789012", "eu-west-1", "lambda")
    assert backend.context is backend.context


def test_a_reset_stops_what_runs_and_keeps_the_context_factory() -> None:
    backend = Backend(contexts, "eu-west-1", "123456789012")
    backend.records.append("function")
    before = Backend.closed
    backend.reset()
    assert Backend.closed == before + 1
    assert backend.records == []
    assert backend.context == ("123456789012", "eu-west-1", "lambda")
