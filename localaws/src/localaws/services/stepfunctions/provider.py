"""Step Functions' operations that moto lacks, or answers differently from AWS."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from moto.core.exceptions import JsonRESTError

from localaws.core.errors import AwsError
from localaws.core.provider import ALL_OTHERS, Provider, operation

T = TypeVar("T")
_MAX_DIAGNOSTICS = 100


class StepFunctionsProvider(Provider):
    """The rest is moto's, on the backend of this package."""

    service_name: ClassVar[str] = "stepfunctions"
    delegated: ClassVar[frozenset[str]] = ALL_OTHERS

    @operation
    def validate_state_machine_definition(self, params: dict[str, Any]) -> dict[str, Any]:
        """Terraform asks this before it creates a state machine. moto: not implemented."""
        from localaws.services.stepfunctions.definition import diagnose

        lowest = params.get("severity", "ERROR")
        limit = params.get("maxResults") or _MAX_DIAGNOSTICS
        found = [
            d
            for d in diagnose(params["definition"])
            if lowest == "WARNING" or d.severity == "ERROR"
        ]
        return {
            "result": "FAIL" if any(d.severity == "ERROR" for d in found) else "OK",
            "diagnostics": [
                {
                    "severity": d.severity,
                    "code": d.code,
                    "message": d.message,
                    "location": d.location,
                }
                for d in found[:limit]
            ],
            "truncated": len(found) > limit,
        }

    @operation
    def list_state_machine_versions(self, params: dict[str, Any]) -> dict[str, Any]:
        """Terraform reads the versions of every state machine. moto: not implemented."""
        machine = self._call("describe_state_machine", params["stateMachineArn"])
        versions = sorted(machine.versions.values(), key=lambda v: -v.version)
        page, token = _page(versions, params)
        return {
            "stateMachineVersions": [
                {"stateMachineVersionArn": v.arn, "creationDate": _aware(v.creation_date)}
                for v in page
            ],
            "nextToken": token,
        }

    @operation
    def describe_execution(self, params: dict[str, Any]) -> dict[str, Any]:
        """moto forgets the end of an execution that timed out, and what went in."""
        execution = self._call("execution_of", params["executionArn"])
        answer = _summary(execution) | {
            "input": execution.execution_input,
            "inputDetails": {"included": True},
            "error": execution.error,
            "cause": execution.cause,
            "redriveCount": 0,
            "redriveStatus": _redrive_status(execution.status),
        }
        output = execution.output_text()
        if output is not None:
            answer |= {"output": output, "outputDetails": {"included": True}}
        return answer

    @operation
    def list_executions(self, params: dict[str, Any]) -> dict[str, Any]:
        """Newest first. moto forgets the end of an execution that timed out."""
        if "stateMachineArn" not in params:
            raise AwsError(
                "ValidationException", "stateMachineArn is required: there are no map runs"
            )
        machine = self._call("describe_state_machine", params["stateMachineArn"])
        wanted = params.get("statusFilter")
        executions = [e for e in reversed(machine.executions) if wanted in (None, e.status)]
        page, token = _page(executions, params)
        return {"executions": [_summary(execution) for execution in page], "nextToken": token}

    @operation
    def get_execution_history(self, params: dict[str, Any]) -> dict[str, Any]:
        """moto knows neither pages nor the reverse order."""
        events = self._call("get_execution_history", params["executionArn"])["events"]
        ordered = list(reversed(events)) if params.get("reverseOrder") else events
        page, token = _page(ordered, params)
        return {"events": [_event(event) for event in page], "nextToken": token}

    @operation
    def stop_execution(self, params: dict[str, Any]) -> dict[str, Any]:
        """moto drops the error and the cause."""
        execution = self._call(
            "stop_execution", params["executionArn"], params.get("error"), params.get("cause")
        )
        return {"stopDate": _aware(execution.stop_date)}

    @operation
    def send_task_failure(self, params: dict[str, Any]) -> dict[str, Any]:
        """moto drops the cause."""
        self._call(
            "send_task_failure", params["taskToken"], params.get("error"), params.get("cause")
        )
        return {}

    def close(self) -> None:
        """Stop what runs."""
        now = self.context.clock.now()
        for execution in self._backend()._get_executions():
            execution.stop(now, None, None)

    def _backend(self) -> Any:
        from moto.stepfunctions.models import stepfunctions_backends

        return stepfunctions_backends[self.context.account_id][self.context.region]

    def _call(self, method: str, *args: Any) -> Any:
        try:
            return getattr(self._backend(), method)(*args)
        except JsonRESTError as error:
            raise AwsError(error.error_type, error.message) from error


def _summary(execution: Any) -> dict[str, Any]:
    return {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": _aware(execution.start_date),
        "stopDate": _aware(execution.stop_date) if execution.stop_date else None,
    }


def _redrive_status(status: str) -> str:
    return "REDRIVABLE" if status in {"FAILED", "ABORTED", "TIMED_OUT"} else "NOT_REDRIVABLE"


def _event(event: dict[str, Any]) -> dict[str, Any]:
    # moto renders the time as text and the type as its own enum.
    text = str(event["timestamp"]).replace("Z", "+00:00")
    answer = {name: value for name, value in event.items() if value is not None}
    return answer | {
        "timestamp": _aware(datetime.fromisoformat(text)),
        "type": getattr(event["type"], "value", event["type"]),
    }


def _aware(date: datetime) -> datetime:
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _page(items: Sequence[T], params: dict[str, Any]) -> tuple[Sequence[T], str | None]:
    """One page, and the token of the next."""
    try:
        start = int(base64.b64decode(params["nextToken"])) if params.get("nextToken") else 0
    except ValueError as error:
        raise AwsError("InvalidToken", f"Invalid Token: '{params['nextToken']}'") from error
    # 0 means the default, which is 100.
    end = start + (params.get("maxResults") or 100)
    token = base64.b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], token
