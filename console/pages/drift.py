"""Drift: the verdicts of an endpoint, its columns, and a comparison now."""

from __future__ import annotations

from typing import Any

from console.commands import command
from console.context import Context
from console.web.messages import Request, RequestError
from landing_zone.core.names import TARGETS, Names, endpoint_name
from landing_zone.monitoring.machine import compare
from landing_zone.monitoring.reports import Reports
from landing_zone.runs.follow import interval
from landing_zone.sources.checkout import read_use_case

_SHOWN = 20


class DriftPage:
    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, request: Request, use_case: str, target: str) -> dict[str, Any]:
        """The latest reports: the verdict of each, and the columns of the newest."""
        found = self._reports(use_case, target).latest(_SHOWN)
        options = ("--use-case", use_case, "--target", target)
        return {
            "use_case": use_case,
            "target": target,
            "history": [
                {
                    "moment": report.moment,
                    "verdict": report.document["verdict"],
                    "summary": report.document["summary"],
                }
                for report in found
            ],
            "latest": found[0].document if found else None,
            "retrainings": self._reports(use_case, target).retrainings(5),
            "command": command("drift.py", *options),
            "now_command": command("drift.py", "--now", *options),
        }

    def compare(self, request: Request, use_case: str, target: str) -> dict[str, Any]:
        """Compare now, as `drift.py --now` does."""
        context = self._context
        reports = self._reports(use_case, target)
        machine = Names(context.settings, context.aws.account).drift_machine_arn

        def work(say: Any) -> None:
            output = compare(
                context.aws.client("stepfunctions"),
                machine,
                {"UseCase": use_case, "Target": target},
                seconds=interval(context.settings.is_local),
                say=say,
            )
            report = reports.of_folder(output["Report"].removesuffix("report.html"))
            say(f"{output['Verdict']}: {report.document['summary']}")

        return context.tasks.start(f"compare {use_case} {target} with its training", work)

    def _reports(self, use_case: str, target: str) -> Reports:
        if target not in TARGETS:
            raise RequestError(f"the target is {target!r}; allowed: {', '.join(TARGETS)}", 404)
        read_use_case(use_case)
        context = self._context
        endpoint = endpoint_name(context.settings.prefix, use_case, target)
        return Reports(context.aws.client("s3"), context.deployment.workflow_bucket, endpoint)
