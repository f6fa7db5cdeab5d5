"""Start a run: the check of its file, the start, the upload."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from console.commands import command
from console.context import Context
from console.files import Files
from console.gate import JOB, Verdict, check_data
from console.tasks import Say
from console.web.messages import Request, RequestError
from landing_zone.core.manifest import Key
from landing_zone.core.names import UPLOAD_DATA
from landing_zone.runs.follow import interval
from landing_zone.runs.inputs import upload_inputs
from landing_zone.runs.run import Run
from landing_zone.sources.checkout import overrides, read_use_case, read_use_case_document

Check = Callable[[Path, dict[str, Any]], Verdict]


class StartPage:
    """Args:
    context: the deployment.
    files: where uploads are kept.
    check: judges a file; the tests have their own.
    """

    def __init__(self, context: Context, files: Files, check: Check = check_data) -> None:
        self._context = context
        self._files = files
        self._check = check

    def check(self, request: Request) -> dict[str, Any]:
        """Keep a file, and say what the data gate says about it."""
        use_case = request.text("use_case")
        document = read_use_case_document(use_case)
        identity, path = self._files.receive(request)
        verdict = self._check(path, document)
        data = f"python {JOB} --data FOLDER --config use_case.json --output out"
        return {
            "file": identity,
            "name": path.name,
            "bytes": path.stat().st_size,
            "accepted": verdict.accepted,
            "summary": verdict.summary,
            "lines": verdict.lines,
            "command": data,
        }

    def keep(self, request: Request) -> dict[str, Any]:
        """Keep a file without a check: rows to predict have no target."""
        identity, path = self._files.receive(request)
        return {"file": identity, "name": path.name, "bytes": path.stat().st_size}

    def start(self, request: Request) -> dict[str, Any]:
        """Start a run; with a file, wait in the background until the run takes it."""
        document = request.json()
        settings = self._context.settings_with(
            use_case=str(document.get("use_case", "")),
            endpoint_type=str(document.get("endpoint_type", "")),
            image_tag=str(document.get("image_tag", "")),
        )
        if not settings.use_case:
            raise RequestError("a run needs a use case")
        reason = str(document.get("reason", "")).strip()
        chosen = str(document.get("file", ""))
        path = self._data(settings.use_case, chosen)
        run_id = self._context.pipeline.start(overrides(settings))
        variables = {
            "USE_CASE": settings.use_case,
            "ENDPOINT_TYPE": settings.endpoint_type,
            "IMAGE_TAG": settings.image_tag,
        }
        answer: dict[str, Any] = {"run": run_id, "command": command("start_run.py", **variables)}
        if path is not None:
            answer["task"] = self._context.tasks.start(
                f"upload {path.name} to run {run_id}",
                lambda say: self._attend(run_id, path, reason, say),
            )
        return answer

    def upload(self, request: Request, run_id: str) -> dict[str, Any]:
        """Replace the files of a run by a file that was uploaded to the console."""
        document = request.json()
        kind = document.get("kind", "training")
        if kind not in {"training", "inference"}:
            raise RequestError(f"kind is {kind!r}; allowed: training, inference")
        run = self._context.pipeline.read(run_id)
        manifest = self._context.pipeline.manifest(run)
        chosen = str(document.get("file", ""))
        path = self._data(manifest[Key.USE_CASE], chosen, inference=kind == "inference")
        if path is None:
            raise RequestError("the request names no file")
        key = Key.INFERENCE_INPUT if kind == "inference" else Key.TRAINING_INPUT
        return {"uploaded": upload_inputs(self._context.aws.client("s3"), manifest[key], [path])}

    def _data(self, use_case: str, chosen: str, *, inference: bool = False) -> Path | None:
        """The sample of the use case, an uploaded file, or none."""
        if chosen != "sample":
            return self._files.find(chosen) if chosen else None
        known = read_use_case(use_case)
        sample = known.inference_sample if inference else known.training_sample
        if not sample.is_file():
            raise RequestError(f"use case {use_case} has no sample: upload a file")
        return sample

    def _attend(self, run_id: str, path: Path, reason: str, say: Say) -> None:
        """Upload the file once the run waits for it; with a reason, approve it too."""
        run = self._wait_for_upload(run_id, say)
        pipeline = self._context.pipeline
        manifest = pipeline.manifest(run)
        folder = manifest[Key.TRAINING_INPUT]
        for uri in upload_inputs(self._context.aws.client("s3"), folder, [path]):
            say(f"uploaded {uri}")
        if reason and run.waiting:
            pipeline.answer(run.waiting, approved=True, summary=reason)
            say(f"approved {UPLOAD_DATA}: {reason}")

    def _wait_for_upload(self, run_id: str, say: Say) -> Run:
        say(f"run {run_id} has started; it waits for its data soon")
        pause = interval(self._context.settings.is_local)
        while True:
            run = self._context.pipeline.read(run_id)
            if run.waiting and run.waiting.name == UPLOAD_DATA:
                return run
            if run.is_over:
                raise RequestError(f"run {run_id} is {run.status} before it took its data")
            time.sleep(pause)
