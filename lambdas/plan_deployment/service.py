"""One call of plan_deployment: read what is there, then decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.archive import check_archive
from common.errors import InputError
from common.names import endpoint_name
from common.registry import REJECTED, Registry, Version
from plan_deployment.order import Memory, Order
from plan_deployment.settings import Settings
from plan_deployment.steps import (
    BROKEN,
    IN_SERVICE,
    ROLLBACK_FAILED,
    Plan,
    Planner,
    why_not,
)
from plan_deployment.target import (
    ALL_TRAFFIC,
    SHADOW,
    VARIANT_A,
    VARIANT_B,
    Part,
    Target,
    make_target,
)
from plan_deployment.world import Clients, Endpoint, World


def plan_deployment(event: Mapping[str, Any], settings: Settings, clients: Clients) -> Plan:
    """The next step of an execution of the state machine `deploy`.

    Args:
        event: `Input` of the execution, its `State`, its `Execution` and when it has `Started`.
    """
    order = Order.read(event["Input"], settings.prefix)
    memory = Memory.read(event["State"])
    failure = event["State"].get("Failure")
    before = memory.step
    if failure and before in ("create", "update"):
        # It has not begun: another execution may have been first.
        memory.watching, memory.action = "", "none"
    planner = Planner(order, settings, memory, event["Execution"], event["Started"], bool(failure))
    plan = Deployment(order, settings, clients, planner).next_step()
    if failure and plan["Do"] == before:
        return planner.refused(failure, plan)
    return plan


class Deployment:
    """Reads what a decision needs, and no more: most calls only look at an endpoint that is changing."""

    def __init__(
        self, order: Order, settings: Settings, clients: Clients, planner: Planner
    ) -> None:
        self._order, self._settings, self._planner = order, settings, planner
        self._clients = clients
        self._world = World(clients)
        group = f"{settings.prefix}-{order.use_case}"
        self._registry = Registry(clients.sagemaker, clients.s3, group, settings.workflow_bucket)

    def next_step(self) -> Plan:
        planner, memory = self._planner, self._planner.memory
        if self._order.endpoint_type == "Batch":
            return planner.done("", "", "", "EndpointType is Batch: the run needs no endpoint")
        endpoint = self._world.endpoint(
            endpoint_name(self._settings.prefix, self._order.use_case, self._order.target)
        )
        if memory.watching:
            self._note_alarms(endpoint)
            plan = planner.watch(endpoint)
            if plan is not None:
                return plan
        version, refusal = self._desired()
        if refusal:
            return planner.fail("VersionNotApproved", refusal)
        if version is None:
            return self._nothing_desired(endpoint)
        endpoint_settings = self._registry.endpoint_settings(version, self._order.target)
        if self._order.is_dev and not endpoint_settings.get("enabled", True):
            text = f"use case {self._order.use_case} has no dev endpoint (endpoint.dev.enabled)"
            return planner.done("", "", version.arn, text)
        target = self._target(version, endpoint_settings)
        if endpoint.status == IN_SERVICE and endpoint.config == target.config_name:
            return self._in_service(endpoint, target, endpoint_settings)
        return self._move(endpoint, target)

    def _move(self, endpoint: Endpoint, target: Target) -> Plan:
        """Towards the configuration that the endpoint does not have yet."""
        planner, world = self._planner, self._world
        if endpoint.status in BROKEN:
            return planner.broken(endpoint)
        if endpoint.status not in ("", IN_SERVICE, ROLLBACK_FAILED):
            planner.follow(target, endpoint)
            return planner.wait()
        if not endpoint.status and not self._order.may_create:
            text = f"endpoint {endpoint.name} does not exist, and an event of the registry creates none"
            return planner.done("", "", target.version.arn, text)
        missing = world.missing_model(target)
        if missing is not None:
            return planner.create_model(missing)
        if not world.has_config(target.config_name):
            return planner.create_config(target)
        changed = self._changed_archive(target)
        if changed:
            return planner.fail("ModelDataChanged", changed)
        if not endpoint.status:
            return planner.create(target)
        return planner.update(target, endpoint, world.scalings(endpoint))

    def _in_service(
        self, endpoint: Endpoint, target: Target, endpoint_settings: Mapping[str, Any]
    ) -> Plan:
        """The endpoint has its configuration: what belongs to it beside that, then the end."""
        planner, memory = self._planner, self._planner.memory
        if self._order.is_dev:
            if memory.test is None:
                return planner.test(target, endpoint_settings.get("test", {}))
            failed = planner.tested(target)
            if failed:
                return failed
        elif not target.is_serverless:
            plan = planner.scale(target, self._world.scalings(endpoint))
            if plan is not None:
                return plan
        number = target.version.number
        text = f"endpoint {endpoint.name} serves version {number}"
        if memory.action == "none":
            text = f"endpoint {endpoint.name} already serves version {number}: nothing to deploy"
        return planner.done(endpoint.name, target.config_name, target.version.arn, text)

    def _nothing_desired(self, endpoint: Endpoint) -> Plan:
        text = f"no version of {self._settings.prefix}-{self._order.use_case} is approved"
        if not endpoint.status:
            return self._planner.done("", "", "", f"{text}: nothing to deploy")
        live = self._world.config_tags(endpoint.config).get("ModelPackageArn", "")
        return self._planner.done(
            endpoint.name,
            endpoint.config,
            live,
            f"{text}: endpoint {endpoint.name} continues to serve {live or 'what it serves'}. "
            "Approve a version, or delete it (aws sagemaker delete-endpoint --endpoint-name "
            f"{endpoint.name})",
        )

    def _desired(self) -> tuple[Version | None, str | None]:
        """The version that the endpoint should serve, or why the order cannot be done."""
        order, registry = self._order, self._registry
        named = registry.describe(order.model_package_arn) if order.model_package_arn else None
        if not order.is_dev:
            return registry.newest_approved(), why_not(named) if named else None
        if named is None and order.run_id:
            named = registry.of_run(order.run_id)
        version = named or registry.newest_not_rejected()
        if version is not None and version.status == REJECTED:
            return None, why_not(version)
        return version, None

    def _target(self, version: Version, endpoint_settings: Mapping[str, Any]) -> Target:
        production: tuple[Part, ...] = (Part(ALL_TRAFFIC, version, 1.0),)
        shadow = None
        if "challenger" in endpoint_settings:
            chosen = endpoint_settings["challenger"]
            other = self._other(version, chosen["version"])
            if other is not None:
                # Without a number the newest version challenges the one before.
                newest_challenges = chosen["version"] == "previous"
                a, b = (other, version) if newest_challenges else (version, other)
                weight = chosen["weight"]
                production = (
                    Part(VARIANT_A, a, round(1 - weight, 6)),
                    Part(VARIANT_B, b, weight),
                )
        elif "shadow" in endpoint_settings:
            chosen = endpoint_settings["shadow"]
            other = self._other(version, chosen["version"])
            if other is not None:
                shadow = Part(SHADOW, other, chosen["weight"])
        return make_target(
            self._order, self._settings, endpoint_settings, version, production, shadow
        )

    def _other(self, version: Version, chosen: str | int) -> Version | None:
        """The second version of an A/B test or a shadow; None when there is none to compare with."""
        if chosen == "previous":
            return self._registry.approved_before(version)
        found = self._registry.number(int(chosen))
        return None if found.status == REJECTED or found.number == version.number else found

    def _note_alarms(self, endpoint: Endpoint) -> None:
        """Remember why an alarm was raised: it may be OK again when the traffic has gone back."""
        memory = self._planner.memory
        if memory.rolled_back or not memory.before or self._order.is_dev:
            return
        raised = self._world.alarms_raised(endpoint.name)
        if raised:
            memory.rolled_back = "; ".join(raised)

    def _changed_archive(self, target: Target) -> str | None:
        """What is wrong with a model.tar.gz: SageMaker unpacks whatever it finds, and may run code in it."""
        for version in target.versions:
            for container in version.containers:
                try:
                    check_archive(
                        self._clients.s3,
                        self._settings.workflow_bucket,
                        container.get("ModelDataUrl", ""),
                        version.package,
                    )
                except InputError as error:
                    return str(error)
        return None
