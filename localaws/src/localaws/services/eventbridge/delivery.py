"""Background workers that call the targets of events."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.context import Context
from localaws.services.eventbridge import metrics
from localaws.services.eventbridge.targets import Delivery, call_for, queue_url

_log = logging.getLogger(__name__)
_WORKERS = 8
# AWS retries up to 185 times within 24 hours, with growing pauses (RetryPolicy). A target in this process
# that has failed six times will not recover.
MAX_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.5
_RETRIED = frozenset(
    {
        "ConcurrentPipelineExecutionsLimitExceededException",
        "InternalError",
        "ServiceUnavailable",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
    }
)


class Deliverer:
    """Calls targets in the background, so that the publisher neither waits nor sees an error."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stopping = threading.Event()
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="eventbridge")

    def submit(self, delivery: Delivery) -> None:
        """Queue a delivery."""
        if not self._stopping.is_set():
            self._workers.submit(self._run, delivery)

    def close(self) -> None:
        """Drop the deliveries that are queued."""
        self._stopping.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _run(self, delivery: Delivery) -> None:
        try:
            self._attempt_until_done(delivery)
        except Exception:
            if not self._stopping.is_set():
                _log.exception("event %s to %s was lost", delivery.event["id"], delivery.arn)

    def _attempt_until_done(self, delivery: Delivery) -> None:
        call = call_for(delivery.arn)
        # PutTargets refuses every target that cannot be called.
        assert call is not None
        policy = delivery.target.get("RetryPolicy") or {}
        attempts = min(MAX_ATTEMPTS, 1 + policy.get("MaximumRetryAttempts", MAX_ATTEMPTS))
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, attempts + 1):
            try:
                call(self._context, delivery)
            except (ClientError, BotoCoreError) as error:
                if attempt < attempts and _is_temporary(error):
                    if self._context.clock.wait(self._stopping, pause):
                        return
                    pause *= 2
                    continue
                self._give_up(delivery, error, attempt)
                return
            metrics.count(self._context, delivery.rule_arn, "Invocations")
            return

    def _give_up(self, delivery: Delivery, error: Exception, attempts: int) -> None:
        if self._stopping.is_set():
            return
        metrics.count(self._context, delivery.rule_arn, "Invocations", "FailedInvocations")
        _log.warning(
            "rule %s: event %r did not reach %s: %s",
            delivery.rule_arn, delivery.event["detail-type"], delivery.arn, error,
        )  # fmt: skip
        queue_arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn:
            return
        client = self._context.client("sqs", acting=self._context.acting(delivery.rule_arn))
        code = (
            error.response["Error"]["Code"]
            if isinstance(error, ClientError)
            else "SDK_CLIENT_ERROR"
        )
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        attributes = {
            "RULE_ARN": delivery.rule_arn,
            "TARGET_ARN": delivery.arn,
            "ERROR_CODE": code,
            "ERROR_MESSAGE": str(error),
            "RETRY_ATTEMPTS": str(attempts - 1),
        }
        client.send_message(
            QueueUrl=queue_url(self._context, queue_arn.split(":")[-1]),
            MessageBody=json.dumps(delivery.event),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
        metrics.count(self._context, delivery.rule_arn, "InvocationsSentToDlq")


def _is_temporary(error: Any) -> bool:
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"]["Code"] in _RETRIED or status >= 500
