"""What the operations of the three kinds of job share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.events import publish_job
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import JobRunner, Work
from localaws.services.sagemaker.jobs.status import TERMINAL, JobStatus, SecondaryStatus
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.store import Store, Table, tag_map

Describe = Callable[[JobRecord], dict[str, Any]]


@dataclass(frozen=True)
class JobKind:
    """How the API names and reports the jobs of one kind."""

    word: str
    """In the names of operations and members, e.g. ``Processing``."""
    missing: str = "Could not find requested job with name: {name}"
    duplicate: str = (
        "Job name must be unique within an AWS account and region, and a job with this name "
        "already exists ({arn})"
    )
    newest_first: bool = False
    """The order of a list when the request names none."""
    first_step: SecondaryStatus | None = None


class JobCollection:
    """The jobs of one kind.

    Args:
        context: the surroundings of the service.
        store: the records.
        runner: starts jobs.
        kind: of the jobs.
        describe: a job in the output shape of its Describe operation, for events.
    """

    def __init__(
        self,
        context: Context,
        store: Store,
        runner: JobRunner,
        kind: JobKind,
        describe: Describe,
    ) -> None:
        self._context = context
        self._store = store
        self._table: Table[JobRecord] = store.table(f"{kind.word.lower()}-job")
        self._runner = runner
        self._kind = kind
        self._describe = describe

    def create(self, params: dict[str, Any], work: Work) -> dict[str, Any]:
        """Register a job and start it. Returns the answer of the Create operation.

        Raises:
            AwsError: the name is taken.
        """
        name = params[f"{self._kind.word}JobName"]
        arn = self._table.arn(name)
        now = self._store.now()
        with self._store.lock:
            if self._table.get(name):
                raise errors.resource_in_use(self._kind.duplicate.format(arn=arn))
            job = JobRecord(
                name, arn, params, now, now, tag_map(params.get("Tags")), kind=self._table.kind,
                on_change=self._publish, now=self._store.now,
            )  # fmt: skip
            self._table.put(job)
        job.move(JobStatus.IN_PROGRESS, self._kind.first_step)
        self._runner.start(job, work)
        return {f"{self._kind.word}JobArn": arn}

    def find(
        self, params: dict[str, Any], error: Callable[[str], AwsError] = errors.validation
    ) -> JobRecord:
        """The job that a request names.

        Args:
            params: the request.
            error: makes the error for a job that does not exist.
        """
        name = params[f"{self._kind.word}JobName"]
        job = self._table.get(name)
        if job is None:
            raise error(self._kind.missing.format(name=name))
        return job

    def described(self, job: JobRecord) -> dict[str, Any]:
        """What the Describe operation of every kind returns."""
        word = self._kind.word
        return {
            f"{word}JobName": job.name,
            f"{word}JobArn": job.arn,
            f"{word}JobStatus": job.status,
            "FailureReason": job.failure_reason,
            "CreationTime": job.created,
            f"{word}StartTime": job.started,
            f"{word}EndTime": job.ended,
            **job.results,
        }

    def list(self, params: dict[str, Any], further: Describe = lambda _: {}) -> dict[str, Any]:
        """The answer of the List operation.

        Args:
            params: the request.
            further: members of a summary that only this kind has.
        """
        word = self._kind.word
        page, token = list_page(
            f"List{word}Jobs",
            self._table.all(),
            params,
            status=lambda job: job.status,
            descending=self._kind.newest_first,
        )
        summaries = [
            {
                f"{word}JobName": job.name,
                f"{word}JobArn": job.arn,
                f"{word}JobStatus": job.status,
                "CreationTime": job.created,
                "LastModifiedTime": job.modified,
                f"{word}EndTime": job.ended,
                **further(job),
            }
            for job in page
        ]
        return {f"{word}JobSummaries": summaries, "NextToken": token}

    def stop(self, params: dict[str, Any]) -> dict[str, Any]:
        """Ask a job to stop: SIGTERM to its container, SIGKILL 120 seconds later."""
        self.find(params, errors.resource_not_found).request_stop(self._kind.word.lower())
        return {}

    def delete(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a job that has ended."""
        job = self.find(params, errors.resource_not_found)
        with self._store.lock:
            if job.status not in TERMINAL:
                raise errors.resource_in_use(
                    f"The {self._kind.word.lower()} job {job.arn} is in status {job.status}. "
                    f"Only jobs in {', '.join(sorted(TERMINAL))} can be deleted."
                )
            self._table.remove(job.name)
        return {}

    def _publish(self, job: JobRecord) -> None:
        if self._table.get(job.name) is job:
            publish_job(self._context, job, self._describe(job))
