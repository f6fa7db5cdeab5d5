"""Background workers that call the targets of schedules."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.context import Context
from localaws.services.cloudwatch.store import MetricId, MetricStore
from localaws.services.scheduler.schedule import ScheduleRecord
from localaws.services.scheduler.targets import Invocation, call_for, new_execution_id

_log = logging.getLogger(__name__)
_WORKERS: Final = 8
MAX_ATTEMPTS: Final = 6
_FIRST_PAUSE_SECONDS: Final = 1.0
_RETRIED: Final = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
)


class Invoker:
    """Calls targets, again after a temporary error, and at last gives up to the dead-letter queue."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stopping = threading.Event()
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="scheduler-target")

    def submit(self, schedule: ScheduleRecord, scheduled: datetime) -> None:
        """Queue an invocation for the time that the schedule's expression names."""
        if not self._stopping.is_set():
            target = dict(schedule.settings["Target"])
            self._workers.submit(self._run, schedule, target, scheduled)

    def close(self) -> None:
        """Drop what is queued."""
        self._stopping.set()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _run(self, schedule: ScheduleRecord, target: dict[str, Any], scheduled: datetime) -> None:
        try:
            self._attempt_until_done(schedule, target, scheduled)
        except Exception:
            if not self._stopping.is_set():
                _log.exception("an invocation of schedule %s was lost", schedule.arn)

    def _attempt_until_done(
        self, schedule: ScheduleRecord, target: dict[str, Any], scheduled: datetime
    ) -> None:
        clock = self._context.clock
        policy = target.get("RetryPolicy") or {}
        attempts = min(MAX_ATTEMPTS, 1 + policy.get("MaximumRetryAttempts", MAX_ATTEMPTS))
        age = policy.get("MaximumEventAgeInSeconds", 86_400)
        execution_id = new_execution_id()
        started, pause = clock.monotonic(), _FIRST_PAUSE_SECONDS
        call = call_for(target["Arn"])
        assert call is not None
        for attempt in range(1, attempts + 1):
            text = self._input(schedule, target, scheduled, execution_id, attempt)
            self._count(schedule, "InvocationAttemptCount")
            try:
                call(self._context, Invocation(target, text, execution_id))
                return
            except (ClientError, BotoCoreError, LookupError, TypeError) as error:
                self._count(schedule, "TargetErrorCount")
                too_old = clock.monotonic() - started + pause > age
                if attempt < attempts and not too_old and _is_temporary(error):
                    if clock.wait(self._stopping, pause):
                        return
                    pause *= 2
                    continue
                condition = "MaximumEventAgeInSeconds" if too_old else "MaximumRetryAttempts"
                exhausted = condition if _is_temporary(error) else None
                details = (execution_id, text, attempt - 1, exhausted)
                self._give_up(schedule, target, scheduled, error, details)
                return

    def _input(
        self,
        schedule: ScheduleRecord,
        target: dict[str, Any],
        scheduled: datetime,
        execution_id: str,
        attempt: int,
    ) -> str:
        moment = _time(scheduled)
        if target.get("Input") is None:
            return json.dumps(
                {
                    "version": "0",
                    "id": execution_id,
                    "detail-type": "Scheduled Event",
                    "source": "aws.scheduler",
                    "account": self._context.account_id,
                    "time": moment,
                    "region": self._context.region,
                    "resources": [schedule.arn],
                    "detail": "{}",
                }
            )
        text = str(target["Input"])
        for name, value in {
            "schedule-arn": schedule.arn,
            "scheduled-time": moment,
            "execution-id": execution_id,
            "attempt-number": str(attempt),
        }.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    def _give_up(
        self,
        schedule: ScheduleRecord,
        target: dict[str, Any],
        scheduled: datetime,
        error: Exception,
        details: tuple[str, str, int, str | None],
    ) -> None:
        if self._stopping.is_set():
            return
        execution_id, text, retries, exhausted = details
        _log.warning("schedule %s did not reach %s: %s", schedule.arn, target["Arn"], error)
        self._count(schedule, "InvocationDroppedCount")
        queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn:
            return
        code = (
            error.response["Error"]["Code"]
            if isinstance(error, ClientError)
            else "SDK_CLIENT_ERROR"
        )
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        attributes = {
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": target["Arn"],
            "SCHEDULED_TIME": _time(scheduled),
            "EXECUTION_ID": execution_id,
            "ERROR_CODE": code,
            "ERROR_MESSAGE": str(error)[:1024],
            "RETRY_ATTEMPTS": str(retries),
            "IS_PAYLOAD_TRUNCATED": "false",
        }
        if exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        client = self._context.client("sqs")
        client.send_message(
            QueueUrl=client.get_queue_url(QueueName=queue_arn.split(":")[-1])["QueueUrl"],
            MessageBody=text,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
        self._count(schedule, "InvocationsSentToDeadLetterCount")

    def _count(self, schedule: ScheduleRecord, name: str) -> None:
        metric = MetricId.of("AWS/Scheduler", name, {"ScheduleGroup": schedule.group})
        self._context.shared(MetricStore).add(metric, self._context.clock.now(), 1.0, "Count")


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_temporary(error: Exception) -> bool:
    if isinstance(error, LookupError | TypeError):
        return False
    if not isinstance(error, ClientError):
        # A request that botocore itself refuses will not become valid.
        return type(error).__name__ != "ParamValidationError"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"]["Code"] in _RETRIED or status >= 500
