"""The next step of a deployment, from what is asked for, what is there, and what is remembered. Pure.

A plan says what to `Do`, has what the step needs, and the `Memory` for the next call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.names import ENDPOINT_TAGS
from common.registry import APPROVED, Version
from plan_deployment.order import Memory, Order
from plan_deployment.rollout import alarms, deployment_config
from plan_deployment.settings import Settings
from plan_deployment.target import Target
from plan_deployment.world import DIMENSION, NAMESPACE, Endpoint, Scaling

IN_SERVICE = "InService"
BROKEN = ("Failed", "OutOfService")
# An update repairs it: some instances of the configuration before are missing.
ROLLBACK_FAILED = "UpdateRollbackFailed"
# SageMaker gives up an update earlier.
MAX_POLLS = 1200
# The first answers after an update has begun may be older than the update.
STALE_LOOKS = 3
MAX_FAILURES = 4

Plan = dict[str, Any]


@dataclass(frozen=True)
class Planner:
    """Makes the plans of one execution."""

    order: Order
    settings: Settings
    memory: Memory
    execution: str
    started: str
    # Whether AWS has refused the last step.
    refused_step: bool = False

    def wait(self) -> Plan:
        self.memory.polls += 1
        if self.memory.polls > MAX_POLLS:
            return self.fail(
                "EndpointTimedOut",
                f"The endpoint was looked at {MAX_POLLS} times, {self.settings.rollout.poll_seconds} s "
                "apart, and is still changing. Start the deployment again when it is in service. "
                f"({self.what})",
            )
        return self._plan("wait", WaitSeconds=self.settings.rollout.poll_seconds)

    def watch(self, endpoint: Endpoint) -> Plan | None:
        """The plan for an endpoint that is getting a configuration; None when that is over.

        Being in service is not enough: after a rollback the endpoint is in service with the configuration
        before.
        """
        memory = self.memory
        if endpoint.status == ROLLBACK_FAILED:
            return self._taken_back(endpoint)
        if endpoint.status in BROKEN:
            return self.broken(endpoint)
        if endpoint.status and endpoint.status != IN_SERVICE:
            return self.wait()
        if endpoint.status and endpoint.config == memory.before != memory.watching:
            memory.looks += 1
            return self.wait() if memory.looks < STALE_LOOKS else self._taken_back(endpoint)
        # It is in service with the new configuration, or somebody has deployed another one meanwhile.
        memory.watching = ""
        return None

    def broken(self, endpoint: Endpoint) -> Plan:
        reason = endpoint.reason or "SageMaker gives no reason"
        return self.fail(
            "EndpointFailed",
            f"Endpoint {endpoint.name} is {endpoint.status}: {reason}. Delete it (aws sagemaker "
            f"delete-endpoint --endpoint-name {endpoint.name}) and retry the stage, or start the "
            f"deployment again. Log group: /aws/sagemaker/Endpoints/{endpoint.name}",
        )

    def create_model(self, request: Mapping[str, Any]) -> Plan:
        return self._step("model", Request=request)

    def create_config(self, target: Target) -> Plan:
        return self._step("config", Request=target.config)

    def create(self, target: Target) -> Plan:
        self._begin(target, "", "created")
        request = {
            "EndpointName": target.endpoint,
            "EndpointConfigName": target.config_name,
            "Tags": [
                tag
                for tag in target.config["Tags"]
                # An endpoint outlives the version that it was created with.
                if tag["Key"] in ENDPOINT_TAGS
            ],
        }
        return self._step("create", Request=request)

    def update(self, target: Target, endpoint: Endpoint, scalings: list[Scaling]) -> Plan:
        if endpoint.is_serverless != target.is_serverless:
            return self.fail(
                "EndpointKind",
                f"Endpoint {endpoint.name} is {_kind(endpoint.is_serverless)}, and its settings ask for a "
                f"{_kind(target.is_serverless)} one: SageMaker does not change one into the other. "
                f"Delete it (aws sagemaker delete-endpoint --endpoint-name {endpoint.name}) and start the "
                "deployment again.",
            )
        self._begin(target, endpoint.config, "updated")
        request: dict[str, Any] = {
            "EndpointName": target.endpoint,
            "EndpointConfigName": target.config_name,
        }
        guarded = not self.order.is_dev
        if not target.is_serverless:
            request["DeploymentConfig"] = deployment_config(
                target, self.settings.rollout, endpoint.counts, guarded=guarded
            )
        if scalings and set(target.variants) == set(endpoint.counts):
            # Otherwise the update would set the instances back to the number of the configuration.
            request["RetainAllVariantProperties"] = True
        return self._step(
            "update", Request=request, Alarms=alarms(target, self.settings) if guarded else []
        )

    def follow(self, target: Target, endpoint: Endpoint) -> None:
        """Another execution is deploying the same: watch its update as if it were ours."""
        if target.config_name in (endpoint.pending, endpoint.config):
            before = endpoint.config if endpoint.pending else ""
            self._watch(target, before)

    def scale(self, target: Target, scalings: list[Scaling]) -> Plan | None:
        """Register or remove what changes the number of instances; None when it is as it should be."""
        present = {scaling.resource: dict(scaling.settings) for scaling in scalings}
        wanted = {
            f"endpoint/{target.endpoint}/variant/{variant}": dict(target.autoscaling)
            for variant in (target.variants if target.autoscaling else ())
        }
        for resource in present:
            if resource not in wanted:
                return self._step("unscale", Request=_scalable(resource))
        for resource, settings in wanted.items():
            if present.get(resource) != settings:
                return self._step("scale", **_scaling_requests(resource, settings))
        return None

    def test(self, target: Target, test: Mapping[str, Any]) -> Plan:
        request = {
            "EndpointName": target.endpoint,
            "EndpointConfigName": target.config_name,
            "ModelPackageArn": target.version.arn,
            "RunId": target.version.metadata.get("RunId", ""),
            "Test": dict(test),
        }
        return self._step("test", Request=request)

    def tested(self, target: Target) -> Plan | None:
        """Fail when the dev endpoint has not passed its test."""
        test = self.memory.test or {}
        if test.get("Passed"):
            return None
        return self.fail(
            "EndpointTestFailed",
            f"Endpoint {target.endpoint} does not pass its test: {test.get('Summary')}. Results: "
            f"{test.get('Location')}. The thresholds are in the section endpoint.dev.test of the use case.",
        )

    def done(self, endpoint: str, config: str, version: str, text: str) -> Plan:
        """The end of an execution; its output."""
        output: dict[str, Any] = {
            "Action": self.memory.action,
            "UseCase": self.order.use_case,
            "Target": self.order.target,
            "EndpointName": endpoint,
            "EndpointConfigName": config,
            "ModelPackageArn": version,
            "Reason": self.order.reason,
            "StartedAt": self.started,
            "Message": text,
        }
        if self.memory.test:
            output["Test"] = self.memory.test
        return self._plan("done", Output=output)

    def fail(self, error: str, cause: str) -> Plan:
        return self._plan("fail", Error=error, Cause=cause)

    def refused(self, failure: Mapping[str, str], repeated: Plan) -> Plan:
        """The plan when AWS has refused a step that is the next one again: a pause, in the end a failure."""
        self.memory.failures += 1
        if self.memory.failures < MAX_FAILURES:
            self.memory.polls += 1
            return self._plan("wait", WaitSeconds=2**self.memory.failures)
        cause = failure.get("Cause") or "no cause was given"
        return self.fail(
            failure.get("Error") or repeated["Do"], f"{cause} ({self.what}, step {repeated['Do']})"
        )

    @property
    def what(self) -> str:
        return f"use case {self.order.use_case}, target {self.order.target}"

    def _taken_back(self, endpoint: Endpoint) -> Plan:
        """The traffic has gone back to the instances before: reject the version first, then fail."""
        memory = self.memory
        reasons = [text.rstrip(".") for text in (endpoint.reason, memory.rolled_back) if text]
        why = "; ".join(reasons) or "SageMaker gives no reason"
        cause = (
            f"Endpoint {endpoint.name} went back to configuration {endpoint.config}; "
            f"{memory.watching} is not in service: {why}."
        )
        # The version of a dev endpoint waits for its approval, and the run that failed says why.
        if self.order.is_dev or (memory.step == "reject" and not self.refused_step):
            tail = "" if self.order.is_dev else f" {memory.version} is Rejected now."
            log_group = f" See log group /aws/sagemaker/Endpoints/{endpoint.name}."
            return self.fail("EndpointRolledBack", f"{cause}{tail}{log_group}")
        return self._step(
            "reject",
            Request={
                "ModelPackageArn": memory.version,
                "ModelApprovalStatus": "Rejected",
                "ApprovalDescription": f"Rolled back by {self.execution}: {cause}"[:1024],
            },
        )

    def _begin(self, target: Target, before: str, action: str) -> None:
        self.memory.action = action
        self._watch(target, before)

    def _watch(self, target: Target, before: str) -> None:
        self.memory.watching, self.memory.before = target.config_name, before
        self.memory.version, self.memory.looks = target.version.arn, 0

    def _step(self, name: str, **values: Any) -> Plan:
        if self.memory.step != name:
            self.memory.step, self.memory.failures = name, 0
        return self._plan(name, **values)

    def _plan(self, do: str, **values: Any) -> Plan:
        return {"Do": do, **values, "Memory": self.memory.document()}


def why_not(version: Version) -> str | None:
    """Why a version that a run of the ML pipeline deploys must not be deployed; None when it may be."""
    if version.status == APPROVED:
        return None
    return (
        f"{version.arn} is {version.status}, so it is not deployed: {version.why}. Approve it "
        "(deployment-scripts/approve_model.py) and retry the stage, or start a new run."
    )


def _scalable(resource: str) -> dict[str, Any]:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource,
        "ScalableDimension": DIMENSION,
    }


def _scaling_requests(resource: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    target = _scalable(resource)
    return {
        "Request": {**target, "MinCapacity": settings["min"], "MaxCapacity": settings["max"]},
        "Policy": {
            **target,
            "PolicyName": "invocations",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": settings["target_invocations"],
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
                "ScaleInCooldown": settings["scale_in_cooldown"],
                "ScaleOutCooldown": settings["scale_out_cooldown"],
            },
        },
    }


def _kind(serverless: bool) -> str:
    return "serverless" if serverless else "real-time"
