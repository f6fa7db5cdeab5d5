"""The approval that a run waits for, and the evidence to look at before answering it."""

from __future__ import annotations

from landing_zone.core.aws import Clients
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import BATCH, Key
from landing_zone.core.names import APPROVE_MODEL, UPLOAD_DATA, UPLOAD_INFERENCE_DATA
from landing_zone.runs.costs import read_cost, worst_case
from landing_zone.runs.dev_test import dev_test_text
from landing_zone.runs.evidence import read_evidence
from landing_zone.runs.inputs import list_inputs
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.run import Action, Run


def evidence_for(aws: Clients, pipeline: Pipeline, run: Run, action: Action) -> str:
    """What a person should have seen before answering this approval."""
    manifest = pipeline.manifest(run)
    is_batch = manifest[Key.ENDPOINT_TYPE] == BATCH
    lines = [
        f"use case  {manifest[Key.USE_CASE]}, {manifest[Key.ENDPOINT_TYPE]}, "
        f"code {manifest[Key.CODE_VERSION]}"
    ]
    s3 = aws.client("s3")
    if action.name == APPROVE_MODEL:
        lines.append(read_evidence(s3, manifest).text())
        if not is_batch:
            lines.append(dev_test_text(s3, manifest[Key.WORKFLOW_BUCKET], run.id))
    elif action.name == UPLOAD_DATA:
        lines.append(list_inputs(s3, manifest[Key.TRAINING_INPUT]))
    elif action.name == UPLOAD_INFERENCE_DATA and is_batch:
        lines.append(list_inputs(s3, manifest[Key.INFERENCE_INPUT]))
    elif action.name == UPLOAD_INFERENCE_DATA:
        lines.append(
            "an endpoint needs no inference data: approve to continue. The model is approved in the "
            "registry, so an endpoint that exists is being updated already"
        )
    cost = read_cost(s3, manifest)
    if cost is not None:
        lines += worst_case(cost)
    return "\n".join(lines)


def waiting_action(run: Run, name: str) -> Action:
    """The approval that waits; an error if there is none, or if it is not the named one."""
    waiting = run.waiting
    if waiting is None:
        raise OperatorError(f"run {run.id} ({run.status}) waits for no approval")
    if name and waiting.name != name:
        raise OperatorError(f"run {run.id} waits for {waiting.name}, not for {name!r}")
    return waiting
