"""Runs: the list, one run as it goes on, logs, retries, and two runs beside each other."""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from console.commands import command
from console.context import Context, reason_in
from console.pages.run_documents import run_json, summary_json
from console.web.messages import Request, RequestError
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.runs.bad_rows import refused_row
from landing_zone.runs.evidence import read_evidence
from landing_zone.runs.logs import job_log
from landing_zone.runs.run import Run

# Lines at the end of a log that are shown.
_LINES = 2000
# Manifests that are kept in memory; each has some kilobytes.
_MOST_MANIFESTS = 200
_MOST_FACTS = 20
_COMPARED = (
    Key.USE_CASE, Key.ENDPOINT_TYPE, Key.IMAGE_TAG, Key.CODE_VERSION, Key.GIT_COMMIT,
    "InstanceType", "MetricName", "MetricThreshold", "TrainingHyperParameters",
)  # fmt: skip


class Runs:
    """Reads runs, and keeps the manifests that it has read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._manifests: OrderedDict[tuple[str, ...], dict[str, Any]] = OrderedDict()

    def manifest(self, run: Run) -> dict[str, Any] | None:
        """The manifest of a run; the one in an artifact never changes."""
        outputs = sorted(
            ":".join(place) for action in run.actions for place in action.outputs.values()
        )
        key = (run.id, *outputs)
        if key not in self._manifests:
            found = self._context.pipeline.manifest_so_far(run)
            if found is None:
                return None
            self._manifests[key] = found
            if len(self._manifests) > _MOST_MANIFESTS:
                self._manifests.popitem(last=False)
        return self._manifests[key]


class RunsPage:
    def __init__(self, context: Context, runs: Runs) -> None:
        self._context = context
        self._runs = runs

    def overview(self, request: Request) -> dict[str, Any]:
        found, token = self._context.pipeline.executions_from(request.query.get("next", ""))
        return {
            "runs": [summary_json(item) for item in found],
            "next": token,
            "command": command("status.py"),
        }

    def facts(self, request: Request) -> dict[str, Any]:
        """Of some runs what the list of executions does not say."""
        ids = request.text("ids").split(",")
        if len(ids) > _MOST_FACTS:
            raise RequestError(f"{len(ids)} ids; allowed: {_MOST_FACTS} at once")
        with ThreadPoolExecutor(4) as threads:
            found = threads.map(self._context.pipeline.read, ids)
            return {"facts": {run.id: self._fact(run) for run in found}}

    def read(self, request: Request, run_id: str) -> dict[str, Any]:
        run = self._context.pipeline.read(run_id)
        found = run_json(run, self._runs.manifest(run))
        if run.status == "Failed":
            found["bad_row"] = refused_row(self._context.aws, self._context.pipeline, run)
        return found

    def log(self, request: Request, name: str) -> dict[str, Any]:
        lines = deque(job_log(self._context.aws.client("logs"), name), _LINES)
        return {"lines": [*lines], "command": command("status.py", "--logs", name)}

    def retry(self, request: Request, run_id: str) -> dict[str, Any]:
        action = self._context.pipeline.retry(self._context.pipeline.read(run_id))
        return {"action": action.name}

    def stop(self, request: Request, run_id: str) -> dict[str, Any]:
        self._context.pipeline.stop(run_id, reason_in(request.json()))
        return {}

    def compare(self, request: Request, first: str, second: str) -> dict[str, Any]:
        """Metrics and parameters of two runs, row by row."""
        runs = [self._facts(run_id) for run_id in (first, second)]
        tables = {
            kind: [
                {"name": name, "values": [run[kind].get(name, "") for run in runs]}
                for name in dict.fromkeys([*runs[0][kind], *runs[1][kind]])
            ]
            for kind in ("metrics", "parameters")
        }
        return {"runs": [{"id": run["id"], "status": run["status"]} for run in runs], **tables}

    def _fact(self, run: Run) -> dict[str, Any]:
        return {
            "use_case": (self._runs.manifest(run) or {}).get(Key.USE_CASE, ""),
            "waiting": run.waiting.name if run.waiting else "",
            "failed": run.failed.name if run.failed and run.status == "Failed" else "",
        }

    def _facts(self, run_id: str) -> dict[str, Any]:
        run = self._context.pipeline.read(run_id)
        manifest = self._runs.manifest(run) or {}
        parameters = {str(key): manifest.get(key, "") for key in _COMPARED}
        parameters.pop("TrainingHyperParameters")
        return {
            "id": run.id,
            "status": run.status,
            "metrics": self._metrics(manifest),
            "parameters": {**parameters, **_hyperparameters(manifest)},
        }

    def _metrics(self, manifest: Mapping[str, Any]) -> dict[str, float]:
        if not manifest.get(Key.EVALUATION):
            return {}
        try:
            return dict(read_evidence(self._context.aws.client("s3"), manifest).metrics)
        except OperatorError:
            return {}  # The run has not come to its evaluation.


def _hyperparameters(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest has them as the text of a JSON object."""
    text = manifest.get("TrainingHyperParameters")
    try:
        found = json.loads(text) if text else {}
    except (TypeError, ValueError):
        return {"hyperparameters": text}
    return found if isinstance(found, dict) else {"hyperparameters": text}
