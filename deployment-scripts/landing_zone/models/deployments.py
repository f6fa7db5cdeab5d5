"""The executions of the state machine `deploy`: started, found, followed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings

PARAMETER = "deploy_step_function_arn"
RUNNING = "RUNNING"


@dataclass(frozen=True)
class Deployment:
    """One execution of the machine: what was asked for, and what came of it."""

    arn: str
    status: str
    started: datetime
    stopped: datetime | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def use_case(self) -> str:
        """An event of the model registry names the group, {prefix}-{use_case}, instead."""
        machine = self.arn.rpartition(":")[0].rpartition(":")[2]
        group = str(self.request.get("ModelPackageGroupName", ""))
        named = self.result.get("UseCase") or self.request.get("UseCase")
        return str(named or group.removeprefix(f"{machine.removesuffix('-deploy')}-"))

    @property
    def target(self) -> str:
        return str(self.request.get("Target", ""))

    @property
    def reason(self) -> str:
        return str(self.result.get("Reason") or self.request.get("Reason", ""))

    @property
    def action(self) -> str:
        """none, created, updated or rolled_back; failed where the execution says none of them."""
        return str(self.result.get("Action", "") or ("" if self.status == RUNNING else "failed"))

    @property
    def config(self) -> str:
        return str(self.result.get("EndpointConfigName", ""))

    @property
    def package(self) -> str:
        return str(self.result.get("ModelPackageArn", ""))


class Deployments:
    """The machine of one deployment of the landing zone.

    Args:
        aws: makes the clients.
        machine: ARN of the state machine.
        say: prints a line.
        sleep: waits some seconds.
    """

    def __init__(
        self,
        aws: Clients,
        machine: str,
        *,
        say: Callable[[str], None] = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = aws.client("stepfunctions")
        self._machine = machine
        self._say = say
        self._sleep = sleep

    def start(self, use_case: str, target: str, reason: str) -> str:
        """Start the machine; returns the ARN of its execution."""
        request = {"UseCase": use_case, "Target": target, "Reason": reason, "RunId": ""}
        answer = self._api.start_execution(stateMachineArn=self._machine, input=json.dumps(request))
        return str(answer["executionArn"])

    def read(self, arn: str) -> Deployment:
        """One execution."""
        found = self._api.describe_execution(executionArn=arn)
        cause = " ".join(part for part in (found.get("error", ""), found.get("cause", "")) if part)
        return Deployment(
            arn,
            found["status"],
            found["startDate"],
            found.get("stopDate"),
            _object(found.get("input")),
            _object(found.get("output")),
            cause,
        )

    def recent(self, use_case: str = "") -> Iterator[Deployment]:
        """The executions that Step Functions still knows (90 days), newest first."""
        pages = self._api.get_paginator("list_executions").paginate(stateMachineArn=self._machine)
        for page in pages:
            for item in page["executions"]:
                deployment = self.read(item["executionArn"])
                if not use_case or deployment.use_case == use_case:
                    yield deployment

    def known(self, use_case: str) -> set[str]:
        """The ARNs of the executions until now."""
        return {deployment.arn for deployment in self.recent(use_case)}

    def started_since(self, use_case: str, known: set[str], seconds: float, pause: float) -> str:
        """The ARN of the execution that an event starts; empty when none starts in this time."""
        for _ in range(max(1, round(seconds / pause))):
            for deployment in self.recent(use_case):
                if deployment.arn not in known:
                    return deployment.arn
            self._sleep(pause)
        return ""

    def follow(
        self, arn: str, pause: float, step: Callable[[Deployment], str] = lambda _: ""
    ) -> Deployment:
        """Say each new step until the execution ends."""
        last = ""
        while True:
            deployment = self.read(arn)
            line = step(deployment)
            if line and line != last:
                self._say(line)
                last = line
            if deployment.status != RUNNING:
                return deployment
            self._sleep(pause)


def find_machine(aws: Clients, settings: Settings) -> str:
    """The ARN of the machine; empty where this deployment has none."""
    try:
        found = aws.client("ssm").get_parameter(Name=_parameter(settings))
    except ClientError as error:
        if error_code(error) != "ParameterNotFound":
            raise
        return ""
    return str(found["Parameter"]["Value"])


def machine_arn(aws: Clients, settings: Settings) -> str:
    """The ARN of the machine; an error where this deployment has none."""
    arn = find_machine(aws, settings)
    if not arn:
        raise OperatorError(
            f"SSM has no {_parameter(settings)}: this deployment has no machine `deploy`. Deploy the "
            "infrastructure: bash deployment-scripts/quick-deploy.sh (on AWS) or make local"
        )
    return arn


def _parameter(settings: Settings) -> str:
    return f"{settings.parameter_path}/{PARAMETER}"


def outcome(deployment: Deployment) -> str:
    """The end of an execution in one line.

    Raises:
        OperatorError: it failed, or what it deployed was rolled back.
    """
    if deployment.status != "SUCCEEDED" or deployment.action == "rolled_back":
        why = deployment.error or deployment.reason or deployment.status
        raise OperatorError(f"nothing new serves on {deployment.target}: {why}")
    endpoint = deployment.result.get("EndpointName", "")
    version = deployment.package.rpartition("/")[2]
    if deployment.action == "none":
        return str(deployment.result.get("Message") or f"nothing was changed: {deployment.reason}")
    return f"endpoint {endpoint} {deployment.action}: it serves version {version} ({deployment.config})"


def _object(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
