"""Models: the registry, one version with its lineage, what was live when, decisions, rollback."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from console.commands import command
from console.context import Context, reason_in
from console.pages.approvals import evidence_json
from console.web.messages import Request, RequestError
from landing_zone.commands.approve_model import carry_out, consequence
from landing_zone.commands.models import read_timeline
from landing_zone.commands.rollback import plan_rollback, roll_back
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import PROD, TARGETS, endpoint_name
from landing_zone.models.deployments import find_machine
from landing_zone.models.lineage import lineage
from landing_zone.models.registry import APPROVED, REJECTED, Version
from landing_zone.models.timeline import Period
from landing_zone.models.view import version_json
from landing_zone.runs.evidence import evidence_at

# Versions that are listed at first.
_SHOWN = 50
_DECISIONS = {"approve": APPROVED, "reject": REJECTED}


class ModelsPage:
    def __init__(self, context: Context) -> None:
        self._context = context

    def overview(self, request: Request) -> dict[str, Any]:
        """The use cases with models, and what is live of each."""
        context = self._context
        use_cases = context.registry.use_cases()
        return {
            "use_cases": [{"name": name, "live": self._live(name)} for name in use_cases],
            "command": command("models.py"),
        }

    def versions(self, request: Request, use_case: str) -> dict[str, Any]:
        """The newest versions of a use case; with all=1 all of them, which is a request to AWS for each."""
        live = self._live(use_case)
        most = None if request.query.get("all") else _SHOWN
        found = self._context.registry.versions(use_case, most)
        return {
            "use_case": use_case,
            "complete": most is None or len(found) < most,
            "versions": [
                {**version_json(version, {}, live), "run": version.run_id} for version in found
            ],
            "command": command("models.py", USE_CASE=use_case),
        }

    def version(self, request: Request, use_case: str, number: str) -> dict[str, Any]:
        """One version: where it comes from, its evidence, what a decision would lead to."""
        context = self._context
        versions = context.registry.versions(use_case)
        version = self._find(use_case, number, versions)
        live = self._live(use_case)
        others = [one for one in versions if one.arn != version.arn]
        is_live = live.get(PROD) == version.arn
        facts = lineage(context.aws.client("s3"), version)
        return {
            **version_json(version, facts, live),
            "use_case": use_case,
            "run": version.run_id,
            "image": version.image,
            "evidence": self._evidence(version),
            "endpoints": [
                endpoint_name(context.settings.prefix, use_case, target)
                for target, arn in live.items()
                if arn == version.arn
            ],
            "consequences": {
                verb: consequence(version, others, status, is_live=is_live)
                for verb, status in _DECISIONS.items()
                if version.status != status
            },
            "command": command("models.py", "--version", number, USE_CASE=use_case),
            "decision_commands": {
                verb: command(
                    f"{verb}_model.py", "--version", number, "--reason", "...", USE_CASE=use_case
                )
                for verb in _DECISIONS
            },
        }

    def decide(self, request: Request, use_case: str, number: str) -> dict[str, Any]:
        """Approve or reject a version, and follow what that deploys."""
        context, document = self._context, request.json()
        decision = str(document.get("decision", ""))
        if decision not in _DECISIONS:
            raise RequestError(f"decision is {decision!r}; allowed: {', '.join(_DECISIONS)}")
        reason, status = reason_in(document), _DECISIONS[decision]
        version = self._find(use_case, number, context.registry.versions(use_case))
        if version.status == status:
            raise RequestError(f"version {number} of {use_case} is {status} already", 409)
        return context.tasks.start(
            f"{decision} version {number} of {use_case}",
            lambda say: carry_out(context.aws, context.settings, version, status, reason, say),
        )

    def rollback_plan(self, request: Request, use_case: str) -> dict[str, Any]:
        """The step that a rollback would take, or why there is none."""
        context = self._context
        if not find_machine(context.aws, context.settings):
            return {"impossible": "this deployment has no machine `deploy`"}
        try:
            bad, back = self._plan(use_case, context.registry.versions(use_case))
        except OperatorError as error:
            return {"impossible": str(error)}
        line = command("rollback.py", "--reason", "...", USE_CASE=use_case)
        return {"from": bad.number, "to": back.number, "metric": back.metric, "command": line}

    def rollback(self, request: Request, use_case: str) -> dict[str, Any]:
        """Bring back the version before: only the step that the page has shown."""
        context, document = self._context, request.json()
        reason = reason_in(document)
        bad, back = self._plan(use_case, context.registry.versions(use_case))
        shown = (document.get("from"), document.get("to"))
        if shown != (bad.number, back.number):
            raise RequestError(
                f"the page shows a rollback from {shown[0]} to {shown[1]}; now it would be from "
                f"{bad.number} to {back.number}: look again",
                409,
            )
        return context.tasks.start(
            f"roll {use_case} back to version {back.number}",
            lambda say: roll_back(context.aws, context.settings, bad, reason, say),
        )

    def timeline(self, request: Request, use_case: str) -> dict[str, Any]:
        """What was live when."""
        context = self._context
        settings = context.settings_with(use_case=use_case)
        periods, attempts, gone = read_timeline(context.aws, settings)
        return {
            "use_case": use_case,
            "periods": [_period(period, gone) for period in periods],
            "without_effect": [attempt.as_json() for attempt in attempts],
            "command": command("models.py", "--timeline", USE_CASE=use_case),
        }

    def _live(self, use_case: str) -> dict[str, str]:
        """The ARN of what each target serves."""
        context = self._context
        names = [endpoint_name(context.settings.prefix, use_case, target) for target in TARGETS]
        with ThreadPoolExecutor(len(names)) as threads:
            found = zip(TARGETS, threads.map(context.endpoints.live, names), strict=True)
            return {target: live.package for target, live in found if live}

    def _find(self, use_case: str, number: str, versions: list[Version]) -> Version:
        found = next((one for one in versions if str(one.number) == number), None)
        if found is None:
            raise RequestError(f"{use_case} has no version {number}", 404)
        return found

    def _evidence(self, version: Version) -> dict[str, Any] | None:
        if not version.metrics_uri:
            return None
        folder = version.metrics_uri.rpartition("/")[0] + "/"
        try:
            return evidence_json(evidence_at(self._context.aws.client("s3"), folder))
        except OperatorError:
            return None  # Its objects have expired.

    def _plan(self, use_case: str, versions: list[Version]) -> tuple[Version, Version]:
        context = self._context
        endpoint = endpoint_name(context.settings.prefix, use_case, PROD)
        return plan_rollback(context.endpoints.live(endpoint), versions, endpoint)


def _period(period: Period, gone: set[str]) -> dict[str, Any]:
    place = f"{period.use_case} {period.target}"
    return {**period.as_json(), "end_known": period.end is not None or place not in gone}
