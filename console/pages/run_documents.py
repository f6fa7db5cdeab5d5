"""Runs as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from console.commands import command
from landing_zone.core.manifest import Key
from landing_zone.core.names import FROM_MANIFEST
from landing_zone.runs.history import Step
from landing_zone.runs.run import Action, Run

_SHOWN_KEYS = (
    Key.USE_CASE, Key.ENDPOINT_TYPE, Key.IMAGE_TAG, Key.CODE_VERSION, Key.GIT_COMMIT,
)  # fmt: skip


def summary_json(item: Mapping[str, Any]) -> dict[str, Any]:
    """An element of ListPipelineExecutions."""
    trigger = item.get("trigger", {})
    return {
        "id": item["pipelineExecutionId"],
        "status": item["status"],
        "started": item.get("startTime"),
        "updated": item.get("lastUpdateTime"),
        "trigger": trigger.get("triggerType", ""),
        "triggered_by": trigger.get("triggerDetail", ""),
    }


def run_json(run: Run, manifest: Mapping[str, Any] | None) -> dict[str, Any]:
    """The run with its stages, and what the manifest says where it has one."""
    known = manifest or {}
    chosen = {name: value for name, value in run.variables.items() if value != FROM_MANIFEST}
    return {
        "id": run.id,
        "status": run.status,
        "over": run.is_over,
        "stages": [
            {"name": name, "actions": [action_json(action) for action in actions]}
            for name, actions in groupby(run.actions, key=lambda action: action.stage)
        ],
        "waiting": run.waiting.name if run.waiting else "",
        "failed": run.failed.name if run.failed else "",
        "manifest": {key.value: known.get(key) or chosen.get(key, "") for key in _SHOWN_KEYS},
        "command": command("status.py", "--run", run.id),
        "retry_command": command("retry_run.py", "--run", run.id),
        "stop_command": command("stop_run.py", "--run", run.id, "--reason", "..."),
    }


def action_json(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "provider": action.provider,
        "status": "Waiting" if action.waits else action.status,
        "started": action.started,
        "ended": action.ended,
        "error": action.error,
        "attempts": action.attempts,
        "summary": action.summary if action.provider == "Manual" else "",
        "answered_by": action.answered_by,
        "steps": [step_json(step) for step in action.steps],
    }


def step_json(step: Step) -> dict[str, Any]:
    return {
        "state": step.state,
        "name": step.name,
        "status": step.status,
        "started": step.started,
        "ended": step.ended,
        "has_log": bool(step.log_group),
        "error": step.error,
    }
