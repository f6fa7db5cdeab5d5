"""The work of one processing job."""

from __future__ import annotations

import json
from typing import Any

from localaws.core.context import Context
from localaws.services.sagemaker.container import exits, s3_data
from localaws.services.sagemaker.container.log_lines import JobLog
from localaws.services.sagemaker.container.process import Ending
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import ExitError, RequestError
from localaws.services.sagemaker.images.catalog import ImageCatalog
from localaws.services.sagemaker.images.launch import Launch
from localaws.services.sagemaker.jobs.container_run import run_container
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import WorkResult

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"


class ProcessingRun:
    """Inputs from S3, the container, outputs to S3."""

    def __init__(self, context: Context, images: ImageCatalog) -> None:
        self._context = context
        self._images = images

    def __call__(self, job: JobRecord, sandbox: Sandbox) -> WorkResult:
        """Run the job."""
        request = job.request
        launch = self._launch(request)
        s3 = self._context.client("s3", request["RoleArn"])
        self._write_config(job, sandbox)
        self._download(s3, job, sandbox)
        for output in _managed_outputs(request):
            sandbox.make(output["S3Output"]["LocalPath"])
        sandbox.make("/opt/ml/output")
        stream = f"{job.name}/algo-1-{int(self._context.clock.now().timestamp())}"
        log = JobLog(self._context, LOG_GROUP, stream)
        try:
            ending = self._run_container(job, sandbox, launch, log)
        finally:
            log.close()
        if ending is Ending.BY_ITSELF:
            self._upload(s3, job, sandbox)
        # Neither the API reference nor the guide says how a processing job reports that its time was over.
        # SageMaker's clients look for this word.
        return WorkResult(
            ending, reason="MaxRuntimeExceeded" if ending is Ending.MAX_RUNTIME else None
        )

    def _launch(self, request: dict[str, Any]) -> Launch:
        app = request["AppSpecification"]
        image = self._images.pull(app["ImageUri"], request["RoleArn"])
        return image.processing(
            app.get("ContainerEntrypoint", []), app.get("ContainerArguments", [])
        )

    def _write_config(self, job: JobRecord, sandbox: Sandbox) -> None:
        config = sandbox.make("/opt/ml/config")
        request = {k: v for k, v in job.request.items() if k != "Tags"}
        documents = {
            "processingjobconfig.json": {"ProcessingJobArn": job.arn, **request},
            "resourceconfig.json": {"current_host": "algo-1", "hosts": ["algo-1"]},
        }
        for name, document in documents.items():
            (config / name).write_text(json.dumps(document, indent=2), encoding="utf-8")

    def _download(self, s3: Any, job: JobRecord, sandbox: Sandbox) -> None:
        for item in job.request.get("ProcessingInputs", []):
            job.stop.check()
            if item.get("AppManaged"):
                continue
            source = item["S3Input"]
            directory = sandbox.make(source["LocalPath"])
            listed = source.get("S3DataType") == "ManifestFile"
            download = s3_data.download_manifest if listed else s3_data.download_prefix
            download(
                s3,
                source["S3Uri"],
                directory,
                job.request["RoleArn"],
                self._context.region,
                job.stop.check,
            )

    def _run_container(
        self, job: JobRecord, sandbox: Sandbox, launch: Launch, log: JobLog
    ) -> Ending:
        job.stop.check()
        isolated = job.request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)
        job.started = job.now()
        ended = run_container(self._context, job, sandbox, launch, log.line, isolated=isolated)
        message = exits.message_text(sandbox.host("/opt/ml/output/message"))
        if message is not None:
            job.results["ExitMessage"] = message
        if ended.ending is Ending.BY_ITSELF and ended.code != 0:
            raise ExitError(exits.algorithm_reason(message or "", ended.code))
        return ended.ending

    def _upload(self, s3: Any, job: JobRecord, sandbox: Sandbox) -> None:
        kms_key = job.request.get("ProcessingOutputConfig", {}).get("KmsKeyId")
        for output in _managed_outputs(job.request):
            job.stop.check()
            target = output["S3Output"]
            directory = sandbox.host(target["LocalPath"])
            if not directory.is_dir():
                raise RequestError(
                    f"{target['LocalPath']} is not a directory, so it cannot be uploaded"
                )
            s3_data.upload_directory(s3, directory, target["S3Uri"], kms_key)


def _managed_outputs(request: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return [output for output in outputs if not output.get("AppManaged")]
