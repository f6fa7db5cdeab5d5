"""The queue of an asynchronous endpoint, and the threads that work on it.

Developer guide, async-inference.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.clock import Clock
from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.sagemaker.container.s3_data import join_uri, split_uri
from localaws.services.sagemaker.endpoints.asynchronous import AsyncSettings, Backlog
from localaws.services.sagemaker.serving.container import start_thread
from localaws.services.sagemaker_runtime.errors import EndpointNotFoundError
from localaws.services.sagemaker_runtime.invocation import Invocation, Result
from localaws.services.sagemaker_runtime.notification import Outcome, notification

# Emulated seconds until a request is sent again for which the endpoint had no instance.
_PAUSE = 5.0


@dataclass(frozen=True)
class AsyncRequest:
    """One InvokeEndpointAsync."""

    invocation: Invocation
    """The request. Its body is empty while it is in S3."""
    inference_id: str
    output_id: str
    """What its files in S3 are called."""
    input_location: str | None
    settings: AsyncSettings
    role_arn: str | None
    received: datetime
    expires: float
    """The clock's monotonic time after which it is not started any more."""

    @property
    def output_location(self) -> str:
        """Where the answer goes."""
        return join_uri(self.settings.output_path, f"{self.output_id}.out")

    @property
    def failure_location(self) -> str | None:
        """Where the reason of a failure goes."""
        path = self.settings.failure_path
        return join_uri(path, f"{self.output_id}-error.out") if path else None


class AsyncQueue:
    """The requests of one endpoint that have no answer."""

    def __init__(self, clock: Clock, name: str, run: Callable[[AsyncRequest], None]) -> None:
        self._clock, self._name, self._run = clock, name, run
        self._lock = threading.Lock()
        self._waiting: deque[AsyncRequest] = deque()
        self._working = 0

    def put(self, request: AsyncRequest, concurrency: int) -> None:
        """Add a request. At most ``concurrency`` are worked on at a time."""
        with self._lock:
            self._waiting.append(request)
            if self._working < concurrency:
                self._working += 1
                start_thread(self._work, f"async/{self._name}")

    def backlog(self) -> Backlog:
        """What waits or is worked on."""
        with self._lock:
            oldest = 0.0
            if self._waiting:
                oldest = (self._clock.now() - self._waiting[0].received).total_seconds()
            return Backlog(len(self._waiting) + self._working, oldest)

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._waiting.clear()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working -= 1
                    return
                request = self._waiting.popleft()
            self._run(request)


class AsyncInference:
    """Works on one request: its input from S3, the answer to S3, and the notification.

    Args:
        context: the surroundings of the service.
        invoke: sends a request to a container.
        closing: set when the server stops.
    """

    def __init__(
        self, context: Context, invoke: Callable[[Invocation], Result], closing: threading.Event
    ) -> None:
        self._context, self._invoke, self._closing = context, invoke, closing

    def run(self, request: AsyncRequest) -> None:
        """Work on a request until it has an answer, has failed, or its endpoint is gone."""
        try:
            result = self._answer(request)
            if result is None:
                return
            self._put(request, request.output_location, result.answer.body, result.content_type)
            outcome = Outcome(
                content_type=result.content_type,
                body=result.answer.body,
                location=request.output_location,
            )
        except (AwsError, ClientError, BotoCoreError) as error:
            if self._closing.is_set():
                return
            outcome = self._fail(request, error)
        self._notify(request, outcome)

    def _answer(self, request: AsyncRequest) -> Result | None:
        """The answer, or None when the endpoint is gone or the server stops."""
        clock = self._context.clock
        while True:
            if clock.monotonic() > request.expires:
                raise AwsError(
                    "ModelError",
                    "The request was longer in the queue than RequestTTLSeconds allows.",
                )
            try:
                return self._invoke(self._with_body(request))
            except EndpointNotFoundError:
                return None
            except AwsError as error:
                if error.code != "ServiceUnavailable":
                    raise
            if clock.wait(self._closing, _PAUSE):
                return None

    def _with_body(self, request: AsyncRequest) -> Invocation:
        if request.input_location is None:
            return request.invocation
        bucket, key = split_uri(request.input_location)
        s3 = self._context.client("s3", request.role_arn)
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return request.invocation.with_body(body)

    def _put(
        self, request: AsyncRequest, location: str, body: bytes, content_type: str | None
    ) -> None:
        bucket, key = split_uri(location)
        extra: dict[str, Any] = {"ContentType": content_type} if content_type else {}
        if request.settings.kms_key:
            extra |= {
                "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": request.settings.kms_key,
            }  # fmt: skip
        s3 = self._context.client("s3", request.role_arn)
        s3.put_object(Bucket=bucket, Key=key, Body=body, **extra)

    def _fail(self, request: AsyncRequest, error: Exception) -> Outcome:
        fields = error.fields if isinstance(error, AwsError) else {}
        body = str(fields.get("OriginalMessage", error)).encode()
        message = error.message if isinstance(error, AwsError) else str(error)
        outcome = Outcome(failure=message, body=body, location=request.failure_location)
        if request.failure_location is not None:
            try:
                self._put(request, request.failure_location, body, "text/plain")
            except (ClientError, BotoCoreError) as again:
                self._log(
                    f"the failure of {request.inference_id} was not written: {again}", request
                )
        self._log(f"{request.inference_id}: {message}", request)
        return outcome

    def _notify(self, request: AsyncRequest, outcome: Outcome) -> None:
        settings = request.settings
        topic = settings.error_topic if outcome.failure else settings.success_topic
        if not topic:
            return
        message = notification(
            outcome,
            request.invocation,
            region=self._context.region,
            input_location=request.input_location,
            inference_id=request.inference_id,
            received=request.received,
            now=self._context.clock.now(),
            included=settings.included,
        )
        try:
            self._context.client("sns", request.role_arn).publish(TopicArn=topic, Message=message)
        except (ClientError, BotoCoreError) as error:
            self._log(f"the notification of {request.inference_id} was not sent: {error}", request)

    def _log(self, message: str, request: AsyncRequest) -> None:
        group = f"/aws/sagemaker/Endpoints/{request.invocation.endpoint}"
        writer = self._context.log_writer(group, "data-log")
        writer.write(message)
        writer.close()
