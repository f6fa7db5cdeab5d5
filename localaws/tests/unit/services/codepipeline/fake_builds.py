"""CodeBuild and the alarms of CloudWatch, in memory."""
# ruff: noqa: N803 - the arguments have boto3's names

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

FAILED_PHASES = [
    {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED"},
    {
        "phaseType": "BUILD",
        "phaseStatus": "FAILED",
        "contexts": [
            {
                "statusCode": "COMMAND_EXECUTION_ERROR",
                "message": "Error while executing command: pytest. Reason: exit status 1",
            }
        ],
    },
    {"phaseType": "POST_BUILD", "phaseStatus": "SUCCEEDED"},
    {"phaseType": "COMPLETED"},
]


class FakeCodeBuild:
    """Builds end as :attr:`answer` says."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"buildStatus": "SUCCEEDED"}
        self.requests: list[dict[str, Any]] = []
        self.initiators: list[str] = []
        self.builds: dict[str, dict[str, Any]] = {}
        self.stopped: list[str] = []
        self.failed_tests: list[str] = []
        self._handlers: dict[str, Callable[..., None]] = {}
        self.meta = SimpleNamespace(events=SimpleNamespace(register=self._register))

    def _register(self, event: str, handler: Callable[..., None], unique_id: str) -> None:
        assert event == "before-call.codebuild.StartBuild"
        self._handlers[unique_id] = handler

    def start_build(self, **request: Any) -> dict[str, Any]:
        params: dict[str, Any] = {"headers": {}}
        for handler in self._handlers.values():
            handler(params=params, model=None)
        self.initiators.append(params["headers"]["x-localaws-initiator"])
        self.requests.append(request)
        name = request["projectName"]
        build = {"id": f"{name}:{len(self.requests)}", "projectName": name, **self.answer}
        self.builds[build["id"]] = build
        return {"build": build | {"buildStatus": "IN_PROGRESS"}}

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        return {"builds": [self.builds[build_id] for build_id in ids]}

    def stop_build(self, id: str) -> None:
        self.stopped.append(id)

    def describe_test_cases(self, reportArn: str, filter: dict[str, str]) -> dict[str, Any]:
        assert filter == {"status": "FAILED"}
        return {"testCases": [{"name": name} for name in self.failed_tests]}


class FakeCloudWatch:
    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.calls = 0

    def describe_alarms(self, AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:
        assert AlarmTypes == ["MetricAlarm", "CompositeAlarm"]
        self.calls += 1
        found = [
            {"AlarmName": name, "StateValue": self.states[name], "StateReason": "threshold crossed"}
            for name in AlarmNames
            if name in self.states
        ]
        return {"MetricAlarms": found, "CompositeAlarms": []}
