"""Endpoints: variants, traffic, latency, a rollout and its abort."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.commands import command
from console.context import Context, reason_in
from console.web.messages import Request, RequestError
from landing_zone.core.aws import find_endpoint
from landing_zone.core.names import TARGETS, endpoint_name
from landing_zone.models.comparison import compare
from landing_zone.models.traffic import Traffic, check, variants_of
from landing_zone.runs.follow import interval
from landing_zone.runs.rollouts import Rollout, rollout_step

_MINUTES = 60


class EndpointsPage:
    def __init__(self, context: Context) -> None:
        self._context = context

    def overview(self, request: Request) -> dict[str, Any]:
        """Every endpoint of the use cases that have models."""
        return {
            "endpoints": [
                found
                for use_case in self._context.registry.use_cases()
                for target in TARGETS
                if (found := self._describe(use_case, target))
            ],
            "command": command("set_traffic.py"),
        }

    def read(self, request: Request, use_case: str, target: str) -> dict[str, Any]:
        """One endpoint, live."""
        found = self._describe(use_case, _checked(target))
        if found is None:
            name = endpoint_name(self._context.settings.prefix, use_case, target)
            raise RequestError(f"endpoint {name} does not exist: nothing is deployed there", 404)
        return found

    def metrics(self, request: Request, use_case: str, target: str) -> dict[str, Any]:
        """Requests, errors and latency of each variant in the last hour."""
        context = self._context
        name = endpoint_name(context.settings.prefix, use_case, _checked(target))
        variants = variants_of(Traffic(context.aws, name).describe())
        # The clock of localaws can be ahead; CloudWatch answers by its own.
        found = compare(context.aws, name, variants, datetime.now(UTC), _MINUTES)
        return {
            "minutes": _MINUTES,
            "variants": [one.as_json() for one in found],
            "command": command(
                "compare_variants.py", "--minutes", str(_MINUTES), USE_CASE=use_case
            ),
        }

    def traffic(self, request: Request, use_case: str, target: str) -> dict[str, Any]:
        """Change the weights of variants."""
        context, document = self._context, request.json()
        name = endpoint_name(context.settings.prefix, use_case, _checked(target))
        weights = _weights(document.get("weights"))
        check(weights, variants_of(Traffic(context.aws, name).describe()), name)

        def work(say: Any) -> None:
            traffic = Traffic(context.aws, name, say=say)
            for variant in traffic.set(weights, interval(context.settings.is_local)):
                say(f"{variant.name} has {variant.share:.1%} of the traffic")

        return context.tasks.start(f"change the traffic of {name}", work)

    def abort(self, request: Request, use_case: str, target: str) -> dict[str, Any]:
        """Give the traffic back to the old instances."""
        context = self._context
        name = endpoint_name(context.settings.prefix, use_case, _checked(target))
        said: list[str] = []
        config = Rollout(context.aws, name, say=said.append).abort(reason_in(request.json()))
        return {"lines": said, "config": config}

    def _describe(self, use_case: str, target: str) -> dict[str, Any] | None:
        context = self._context
        name = endpoint_name(context.settings.prefix, use_case, target)
        found = find_endpoint(context.aws.client("sagemaker"), name)
        if found is None:
            return None
        pending = found.get("PendingDeploymentSummary", {})
        package = context.endpoints.package_of(str(found.get("EndpointConfigName", "")))
        return {
            "name": name,
            "use_case": use_case,
            "target": target,
            "status": found["EndpointStatus"],
            "reason": found.get("FailureReason", ""),
            "modified": found.get("LastModifiedTime"),
            "config": found.get("EndpointConfigName", ""),
            "version": package.rpartition("/")[2],
            "variants": [vars(variant) for variant in variants_of(found)],
            "rollout": {
                "config": pending.get("EndpointConfigName", ""),
                "step": rollout_step(found),
                "started": pending.get("StartTime"),
                "variants": [vars(variant) for variant in variants_of(pending)],
            }
            if pending
            else None,
            "commands": {
                "traffic": command(
                    "set_traffic.py",
                    "--target",
                    target,
                    "--variant",
                    "NAME=WEIGHT",
                    USE_CASE=use_case,
                ),
                "abort": command("abort_rollout.py", "--reason", "...", "--endpoint", name),
            },
        }


def _checked(target: str) -> str:
    if target not in TARGETS:
        raise RequestError(f"the target is {target!r}; allowed: {', '.join(TARGETS)}", 404)
    return target


def _weights(document: Any) -> dict[str, float]:
    if not isinstance(document, dict) or not document:
        raise RequestError('weights is missing; expected an object such as {"A": 0.9, "B": 0.1}')
    found = {}
    for name, value in document.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e6:
            raise RequestError(
                f"the weight of {name} is {value!r}; allowed: 0 or a positive number"
            )
        found[str(name)] = float(value)
    return found
