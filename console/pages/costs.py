"""Cost: what a run costs at most, what its jobs cost, what its endpoints cost by the hour."""

from __future__ import annotations

from typing import Any

from console.commands import command
from console.context import Context
from console.pages.runs import Runs
from console.web.messages import Request
from landing_zone.core.manifest import Key
from landing_zone.runs.costs import measured, read_cost, worst_case

_RUNS = 10


class CostPage:
    def __init__(self, context: Context, runs: Runs) -> None:
        self._context = context
        self._runs = runs

    def read(self, request: Request) -> dict[str, Any]:
        """The latest runs, each with its worst case and, on AWS, what its jobs cost."""
        pipeline = self._context.pipeline
        found = []
        for item in pipeline.executions(_RUNS):
            run = pipeline.read(item["pipelineExecutionId"])
            manifest = self._runs.manifest(run)
            cost = read_cost(self._context.aws.client("s3"), manifest) if manifest else None
            if manifest is None or cost is None:
                continue
            lines = (
                []
                if self._context.settings.is_local
                else measured(self._context.aws.client("sagemaker"), run, cost)
            )
            found.append(
                {
                    "id": run.id,
                    "status": run.status,
                    "started": item.get("startTime"),
                    "use_case": manifest[Key.USE_CASE],
                    "usd": cost["usd"],
                    "limit": cost["limit"],
                    "worst_case": worst_case(cost),
                    "measured": lines,
                    "command": command("status.py", "--once", "--run", run.id),
                }
            )
        return {"runs": found, "local": self._context.settings.is_local}
