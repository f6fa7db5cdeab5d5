"""The work of one transform job: a serving container, fed from S3 in order and in bounded memory."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from localaws.core.context import Context
from localaws.services.sagemaker.container import s3_data
from localaws.services.sagemaker.container.log_lines import JobLog, instance_id
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import AlgorithmError, JobError, RequestError
from localaws.services.sagemaker.jobs.batches import gunzip, payloads
from localaws.services.sagemaker.jobs.engine import Outcome
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.serving.container import ServingContainer
from localaws.services.sagemaker.serving.http import NoAnswerError
from localaws.services.sagemaker.serving.model_files import fetch_model
from localaws.services.sagemaker.serving.plan import ServingPlan

LOG_GROUP = "/aws/sagemaker/TransformJobs"
_MB = 1024 * 1024
_START_SECONDS = 600  # emulated, until /ping must answer
_RETRY_PAUSE = 1.0


@dataclass(frozen=True)
class _Settings:
    """The request with its defaults (API reference, CreateTransformJob)."""

    by_line: bool
    single_record: bool
    gzip: bool
    payload: int
    concurrency: int
    seconds: float
    retries: int
    assemble_lines: bool
    headers: dict[str, str]


class TransformRun:
    """Start the container, send every object under the prefix through it, keep the answers."""

    def __init__(self, context: Context, plan: ServingPlan) -> None:
        self._context = context
        self._plan = plan

    def __call__(self, job: JobRecord, sandbox: Sandbox) -> Outcome:
        """Run the job. Raises JobError for Failed and HaltedError for Stopped."""
        stream = f"{job.name}/{instance_id()}"
        log = JobLog(self._context, LOG_GROUP, stream)
        data_log = JobLog(self._context, LOG_GROUP, f"{stream}/data-log")
        container: ServingContainer | None = None
        try:
            model = sandbox.root / "model"
            fetch_model(self._context, self._plan, model, sandbox.scratch)
            job.stop.check()
            job.started = job.now()
            container = self._start(job, sandbox, model, log)
            serving = container
            # A request may take ten minutes: a stop ends the container under it.
            job.stop.on_request(lambda: serving.end(at_once=job.stop.at_once))
            settings = _settings(job.request, container)
            outputs = self._transform_all(job, sandbox, container, settings, data_log)
            job.stop.check()
            self._upload(job, outputs)
            return Outcome()
        except JobError:
            job.stop.check()
            raise
        finally:
            if container is not None:
                container.stop(at_once=job.stop.at_once)
            log.close()
            data_log.close()

    def _start(
        self, job: JobRecord, sandbox: Sandbox, model: Path, log: JobLog
    ) -> ServingContainer:
        request = job.request
        variables = {
            **request.get("Environment", {}),
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(request.get("MaxPayloadInMB", 6)),
            "SAGEMAKER_BATCH_STRATEGY": request.get("BatchStrategy", "MultiRecord"),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(request.get("MaxConcurrentTransforms", 1)),
        }
        container = ServingContainer(self._context, self._plan, sandbox, model, log.line, variables)
        healthy = False
        try:
            healthy = container.wait_until_healthy(_START_SECONDS, job.stop)
        finally:
            if not healthy:
                code = container.stop(at_once=True)
        if healthy:
            return container
        raise AlgorithmError(
            f"The model container did not pass the ping health check (exit code {code}). "
            f"Last lines: {' | '.join(log.tail[-3:])}. See the CloudWatch log stream {log.group} {log.stream}"
        )

    def _transform_all(
        self,
        job: JobRecord,
        sandbox: Sandbox,
        container: ServingContainer,
        settings: _Settings,
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
            sender = _Sender(self._context, container, settings, data_log, what)
            with target.open("wb") as output:
                _in_order(bodies, sender, settings, output, job.stop.check)
            outputs.append((target, f"{relative}.out"))
        return outputs

    def _upload(self, job: JobRecord, outputs: list[tuple[Path, str]]) -> None:
        output = job.request["TransformOutput"]
        s3 = self._context.client("s3", self._plan.role_arn)
        for path, name in outputs:
            uri = s3_data.join_uri(output["S3OutputPath"], name)
            s3_data.upload_file(s3, path, uri, output.get("KmsKeyId"))


@dataclass(frozen=True)
class _Sender:
    """Sends one payload, with the retries of ModelClientConfig."""

    context: Context
    container: ServingContainer
    settings: _Settings
    data_log: JobLog
    what: str

    def __call__(self, body: bytes) -> bytes:
        attempts = self.settings.retries + 1
        for attempt in range(1, attempts + 1):
            try:
                answer = self.container.invoke(body, self.settings.headers, self.settings.seconds)
            except NoAnswerError as error:
                said = "the model process ended" if self.container.ended else str(error)
                again = not self.container.ended
            else:
                if 200 <= answer.status < 300:
                    return answer.body
                text = answer.body.decode("utf-8", "replace").strip()
                said = f"the model answered {answer.status}: {text}"
                # A bad request stays bad; only a failing server is asked again.
                again = answer.status >= 500
            self.data_log.line(f"{self.what}: {said}")
            if not again or attempt == attempts:
                break
            self.context.clock.sleep(_RETRY_PAUSE)
        raise AlgorithmError(
            f"{self.what}: {said[:600]}. See the CloudWatch log stream {self.data_log.group} "
            f"{self.data_log.stream}"
        )


def _in_order(
    bodies: Iterator[bytes],
    send: Callable[[bytes], bytes],
    settings: _Settings,
    output: IO[bytes],
    check: Callable[[], None],
) -> None:
    """Send up to MaxConcurrentTransforms bodies at a time; write the answers in the bodies' order."""
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(settings.concurrency, thread_name_prefix="transform") as pool:
        try:
            for body in bodies:
                check()
                waiting.append(pool.submit(send, body))
                if len(waiting) >= settings.concurrency:
                    _write(output, waiting.popleft().result(), settings)
            while waiting:
                check()
                _write(output, waiting.popleft().result(), settings)
        finally:
            for future in waiting:
                future.cancel()


def _write(output: IO[bytes], answer: bytes, settings: _Settings) -> None:
    output.write(answer)
    if settings.assemble_lines and not answer.endswith(b"\n"):
        output.write(b"\n")


def _settings(request: dict[str, Any], container: ServingContainer) -> _Settings:
    proposed = _proposed(container)
    source, target = request["TransformInput"], request["TransformOutput"]
    client = request.get("ModelClientConfig", {})
    strategy = request.get("BatchStrategy") or {
        "SINGLE_RECORD": "SingleRecord", "MULTI_RECORD": "MultiRecord",
    }.get(str(proposed.get("BatchStrategy")), "MultiRecord")  # fmt: skip
    headers = {"Content-Type": source.get("ContentType") or "application/octet-stream"}
    if target.get("Accept"):
        headers["Accept"] = target["Accept"]
    payload = request.get("MaxPayloadInMB", proposed.get("MaxPayloadInMB", 6))
    if payload == 0:
        raise RequestError(
            "MaxPayloadInMB 0 (chunked encoding) is not emulated by localaws; use 1 to 100"
        )
    return _Settings(
        by_line=source.get("SplitType", "None") == "Line",
        single_record=strategy == "SingleRecord",
        gzip=source.get("CompressionType", "None") == "Gzip",
        payload=int(payload) * _MB,
        concurrency=max(
            1,
            int(
                request.get("MaxConcurrentTransforms")
                or proposed.get("MaxConcurrentTransforms")
                or 1
            ),
        ),
        seconds=client.get("InvocationsTimeoutInSeconds", 600),
        retries=client.get("InvocationsMaxRetries", 3),
        assemble_lines=target.get("AssembleWith", "None") == "Line",
        headers=headers,
    )


def _proposed(container: ServingContainer) -> dict[str, Any]:
    """The container's answer to GET /execution-parameters, which wins over the defaults."""
    answer = container.execution_parameters()
    if answer is None or answer.status != 200:
        return {}
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
