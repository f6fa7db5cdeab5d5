"""Approvals: the evidence, the report, the answer."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from console.commands import command
from console.context import Context, reason_in
from console.pages.runs import Runs
from console.web.messages import Request, RequestError, Response
from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import BATCH, Key
from landing_zone.core.names import APPROVE_MODEL, UPLOAD_DATA, UPLOAD_INFERENCE_DATA
from landing_zone.core.s3 import split_uri
from landing_zone.runs.approvals import evidence_for, waiting_action
from landing_zone.runs.costs import read_cost, worst_case
from landing_zone.runs.evidence import Evidence, read_evidence
from landing_zone.runs.inputs import list_inputs

REPORT = "report.html"
# The report is made from data: it gets no scripts, no network, and an origin of its own.
_REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "frame-ancestors 'self'"
)


class ApprovalsPage:
    def __init__(self, context: Context, runs: Runs) -> None:
        self._context = context
        self._runs = runs

    def read(self, request: Request, run_id: str) -> dict[str, Any]:
        """The approval that waits, with its evidence; and who answered the others."""
        run = self._context.pipeline.read(run_id)
        manifest = self._runs.manifest(run)
        answered = [
            {"name": action.name, "status": action.status, "summary": action.summary,
             "by": action.answered_by, "at": action.ended}
            for action in run.actions
            if action.provider == "Manual" and action.ended
        ]  # fmt: skip
        found: dict[str, Any] = {
            "id": run.id,
            "status": run.status,
            "answered": answered,
            "waiting": "",
            "evidence": self._evidence(manifest) if manifest else None,
        }
        if run.waiting:
            name = run.waiting.name
            found |= {
                "waiting": name,
                "stage": run.waiting.stage,
                "since": run.waiting.started,
                "text": evidence_for(self._context.aws, self._context.pipeline, run, run.waiting),
                "takes_files": self._takes_files(name, manifest or {}),
                "asks_for_model": name == APPROVE_MODEL,
                "command": command("approve.py", name, "--run", run.id),
                "reject_command": command("reject.py", name, "--run", run.id),
            }
        if manifest:
            found["use_case"] = manifest[Key.USE_CASE]
            s3 = self._context.aws.client("s3")
            cost = read_cost(s3, manifest)
            found["cost"] = worst_case(cost) if cost else []
            found["data"] = list_inputs(s3, str(manifest[Key.TRAINING_INPUT])).splitlines()
        return found

    def answer(self, request: Request, run_id: str) -> dict[str, Any]:
        """Approve or reject the approval that the page has shown, and no other."""
        document = request.json()
        decision = document.get("decision")
        if decision not in {"approve", "reject"}:
            raise RequestError(f"decision is {decision!r}; allowed: approve, reject")
        name = str(document.get("approval", ""))
        if not name:
            raise RequestError("the answer does not name its approval")
        reason = reason_in(document)
        pipeline = self._context.pipeline
        action = waiting_action(pipeline.read(run_id), name)
        pipeline.answer(action, approved=decision == "approve", summary=reason)
        return {"approval": action.name, "decision": decision}

    def report(self, request: Request, run_id: str) -> Response:
        """The report of the evaluation, which the page shows in a sandboxed frame."""
        run = self._context.pipeline.read(run_id)
        location = str((self._runs.manifest(run) or {}).get(Key.EVALUATION, ""))
        if not location:
            raise RequestError(f"run {run_id} has no evaluation", 404)
        bucket, key = split_uri(f"{location.rstrip('/')}/{REPORT}")
        try:
            body = self._context.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error_code(error) not in {"404", "NoSuchKey"}:
                raise
            raise RequestError(f"s3://{bucket}/{key} does not exist", 404) from error
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": _REPORT_POLICY,
        }
        return Response(200, body, headers)

    def _evidence(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        if not manifest.get(Key.EVALUATION):
            return None
        try:
            return evidence_json(read_evidence(self._context.aws.client("s3"), manifest))
        except OperatorError:
            return None  # The run has not come to its evaluation.

    def _takes_files(self, approval: str, manifest: dict[str, Any]) -> str:
        """training or inference where this approval waits for files, else nothing."""
        if approval == UPLOAD_DATA:
            return "training"
        is_batch = manifest.get(Key.ENDPOINT_TYPE) == BATCH
        return "inference" if approval == UPLOAD_INFERENCE_DATA and is_batch else ""


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "passed": evidence.passed,
        "verdict": evidence.verdict,
        "gate": dict(evidence.gate),
        "champion": evidence.against_champion if evidence.champion else "",
        "worst_group": evidence.worst_group if evidence.slices else "",
        "metrics": dict(evidence.metrics),
        "report": f"{evidence.location}{REPORT}",
    }
