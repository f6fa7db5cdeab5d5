"""The operations of Step Functions that moto lacks, or answers differently from AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, ClassVar, TypeVar

from moto.core.exceptions import JsonRESTError

from localaws.core.errors import AwsError
from localaws.core.paging import Position, page
from localaws.core.provider import ALL_OTHERS, Provider, operation
from localaws.services.stepfunctions import views
from localaws.services.stepfunctions.definition import diagnose

T = TypeVar("T")
Params = dict[str, Any]
_PAGE_SIZE = 100
_MAX_DIAGNOSTICS = 100


class StepFunctionsProvider(Provider):
    """moto serves all other operations, with the backend of this package."""

    service_name: ClassVar[str] = "stepfunctions"
    delegated: ClassVar[frozenset[str]] = ALL_OTHERS

    @operation
    def validate_state_machine_definition(self, params: Params) -> Params:
        """Terraform calls this before it creates a state machine. moto does not implement it."""
        with_warnings = params.get("severity", "ERROR") == "WARNING"
        found = [
            d for d in diagnose(params["definition"]) if with_warnings or d.severity == "ERROR"
        ]
        limit = params.get("maxResults") or _MAX_DIAGNOSTICS
        return {
            "result": "FAIL" if any(d.severity == "ERROR" for d in found) else "OK",
            "diagnostics": [asdict(d) for d in found[:limit]],
            "truncated": len(found) > limit,
        }

    @operation
    def list_state_machine_versions(self, params: Params) -> Params:
        """Terraform reads the versions of every state machine. moto does not implement it."""
        arn = params["stateMachineArn"]
        with _errors_of_moto():
            versions = self._backend().describe_state_machine(arn).versions.values()
        listing = ["ListStateMachineVersions", arn]
        found, token = _page(versions, lambda v: v.version, listing, params, descending=True)
        return {
            "stateMachineVersions": [views.version(version) for version in found],
            "nextToken": token,
        }

    @operation
    def describe_execution(self, params: Params) -> Params:
        """moto loses the stop date of an execution that timed out, and its input."""
        with _errors_of_moto():
            execution = self._backend().execution_of(params["executionArn"])
        return views.execution(execution)

    @operation
    def list_executions(self, params: Params) -> Params:
        """Newest first. moto loses the stop date of an execution that timed out."""
        if "stateMachineArn" not in params:
            raise AwsError(
                "ValidationException", "stateMachineArn is required: there are no map runs"
            )
        arn, status = params["stateMachineArn"], params.get("statusFilter")
        with _errors_of_moto():
            executions = self._backend().describe_state_machine(arn).executions
        wanted = [(i, e) for i, e in enumerate(executions) if status in (None, e.status)]
        listing = ["ListExecutions", arn, status]
        found, token = _page(wanted, lambda item: item[0], listing, params, descending=True)
        return {"executions": [views.execution_summary(e) for _, e in found], "nextToken": token}

    @operation
    def get_execution_history(self, params: Params) -> Params:
        """moto has neither pages nor the reverse order."""
        arn, descending = params["executionArn"], params.get("reverseOrder", False)
        with _errors_of_moto():
            events = self._backend().get_execution_history(arn)["events"]
        listing = ["GetExecutionHistory", arn, descending]
        found, token = _page(events, lambda e: e["id"], listing, params, descending=descending)
        return {"events": [views.history_event(event) for event in found], "nextToken": token}

    @operation
    def stop_execution(self, params: Params) -> Params:
        """moto drops the error and the cause."""
        with _errors_of_moto():
            execution = self._backend().stop_execution(
                params["executionArn"], params.get("error"), params.get("cause")
            )
        return {"stopDate": views.aware(execution.stop_date)}

    @operation
    def send_task_failure(self, params: Params) -> Params:
        """moto drops the cause."""
        with _errors_of_moto():
            self._backend().send_task_failure(
                params["taskToken"], params.get("error"), params.get("cause")
            )
        return {}

    def close(self) -> None:
        """Stop every execution."""
        self._backend().close()

    def _backend(self) -> Any:
        from moto.stepfunctions.models import stepfunctions_backends

        return stepfunctions_backends[self.context.account_id][self.context.region]


@contextmanager
def _errors_of_moto() -> Iterator[None]:
    try:
        yield
    except JsonRESTError as error:
        raise AwsError(error.error_type, error.message) from error


def _page(
    items: Iterable[T],
    position: Callable[[T], Position],
    listing: object,
    params: Params,
    *,
    descending: bool,
) -> tuple[list[T], str | None]:
    return page(
        items,
        position,
        listing=listing,
        token=params.get("nextToken"),
        # A maxResults of 0 means the default.
        size=params.get("maxResults") or _PAGE_SIZE,
        invalid_token=lambda token: AwsError("InvalidToken", f"Invalid Token: '{token}'"),
        descending=descending,
    )
