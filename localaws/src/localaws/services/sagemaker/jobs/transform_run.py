"""The work of one transform job: input from S3 to a serving container, in order and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from localaws.core.context import Context
from localaws.services.sagemaker.container import s3_data
from localaws.services.sagemaker.container.log_lines import JobLog, instance_id
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import AlgorithmError, WorkloadError
from localaws.services.sagemaker.jobs.batches import gunzip, payloads
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import WorkResult
from localaws.services.sagemaker.jobs.transform_requests import Sender, send_in_order
from localaws.services.sagemaker.jobs.transform_settings import (
    TransformSettings,
    transform_settings,
)
from localaws.services.sagemaker.serving.chain import ContainerChain
from localaws.services.sagemaker.serving.container import ServingContainer
from localaws.services.sagemaker.serving.files import ContainerFiles, download_files
from localaws.services.sagemaker.serving.plan import ServingPlan

LOG_GROUP = "/aws/sagemaker/TransformJobs"
_MB = 1024 * 1024
# Emulated seconds until /ping must answer.
_START_SECONDS = 600


class TransformRun:
    """Start the container, send it every object under the prefix, and upload the answers."""

    def __init__(self, context: Context, plan: ServingPlan) -> None:
        self._context = context
        self._plan = plan

    def __call__(self, job: JobRecord, sandbox: Sandbox) -> WorkResult:
        """Run the job."""
        stream = f"{job.name}/{instance_id()}"
        log = JobLog(self._context, LOG_GROUP, stream)
        data_log = JobLog(self._context, LOG_GROUP, f"{stream}/data-log")
        sandboxes = [
            Sandbox(self._context.work_dir / "containers", container.name)
            for container in self._plan.containers
        ]
        chain: ContainerChain | None = None
        try:
            files = [
                download_files(self._context, container, sandbox.root / container.name)
                for container in self._plan.containers
            ]
            job.stop.check()
            job.started = job.now()
            chain = self._start(job, sandboxes, files, log)
            serving = chain
            # A request may take ten minutes, so a stop ends the container that works on it.
            job.stop.on_request(lambda: serving.end(at_once=job.stop.at_once))
            settings = transform_settings(job.request, chain)
            outputs = self._transform_all(job, sandbox, chain, settings, data_log)
            job.stop.check()
            self._upload(job, outputs)
            return WorkResult()
        except WorkloadError:
            job.stop.check()
            raise
        finally:
            if chain is not None:
                chain.stop(at_once=job.stop.at_once)
            for own in sandboxes:
                own.remove()
            log.close()
            data_log.close()

    def _start(
        self,
        job: JobRecord,
        sandboxes: Sequence[Sandbox],
        files: Sequence[ContainerFiles],
        log: JobLog,
    ) -> ContainerChain:
        request = job.request
        variables = {
            **request.get("Environment", {}),
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(request.get("MaxPayloadInMB", 6)),
            "SAGEMAKER_BATCH_STRATEGY": request.get("BatchStrategy", "MultiRecord"),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(request.get("MaxConcurrentTransforms", 1)),
        }
        containers: list[ServingContainer] = []
        chain = ContainerChain(self._context.clock, containers)
        healthy = False
        try:
            for plan, sandbox, own in zip(self._plan.containers, sandboxes, files, strict=True):
                containers.append(
                    ServingContainer(self._context, plan, sandbox, own, log.line, variables)
                )
            healthy = chain.wait_until_healthy(_START_SECONDS, job.stop)
        finally:
            if not healthy:
                codes = chain.stop(at_once=True)
        if healthy:
            return chain
        raise AlgorithmError(
            "The model container did not pass the ping health check (exit code "
            f"{', '.join(map(str, codes))}). "
            f"Last lines: {' | '.join(log.tail[-3:])}. See the CloudWatch log stream {log.group} {log.stream}"
        )

    def _transform_all(
        self,
        job: JobRecord,
        sandbox: Sandbox,
        chain: ContainerChain,
        settings: TransformSettings,
        data_log: JobLog,
    ) -> list[tuple[Path, str]]:
        """Every input object, one after the other. Returns (local file, output name)."""
        s3 = self._context.client("s3", self._plan.role_arn)
        uri = job.request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        bucket, _ = s3_data.split_uri(uri)
        outputs = []
        objects = s3_data.objects_under(s3, uri, self._plan.role_arn or "", self._context.region)
        for number, (key, relative) in enumerate(objects):
            what = f"s3://{bucket}/{key}"
            target = sandbox.root / f"output-{number}"
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
            chunks: Iterator[bytes] = body.iter_chunks(_MB)
            if settings.gzip:
                chunks = gunzip(chunks, what)
            bodies = payloads(
                chunks, by_line=settings.by_line, single_record=settings.single_record,
                limit=settings.payload, what=what,
            )  # fmt: skip
            sender = Sender(self._context, chain, settings, data_log, what)
            with target.open("wb") as output:
                send_in_order(bodies, sender, settings, output, job.stop.check)
            outputs.append((target, f"{relative}.out"))
        return outputs

    def _upload(self, job: JobRecord, outputs: list[tuple[Path, str]]) -> None:
        output = job.request["TransformOutput"]
        s3 = self._context.client("s3", self._plan.role_arn)
        for path, name in outputs:
            uri = s3_data.join_uri(output["S3OutputPath"], name)
            s3_data.upload_file(s3, path, uri, output.get("KmsKeyId"))
