"""What the operations of the three kinds of job share."""

from __future__ import annotations

from typing import Any

from localaws.services.sagemaker import errors
from localaws.services.sagemaker.base import SageMakerBase
from localaws.services.sagemaker.events import publish_job
from localaws.services.sagemaker.jobs.engine import Work
from localaws.services.sagemaker.jobs.record import IN_PROGRESS, STARTING, TERMINAL, JobRecord
from localaws.services.sagemaker.store import list_page, tag_map


class JobOperations(SageMakerBase):
    """Create, find, stop, list and delete a job of any kind."""

    def _create_job(
        self, kind: str, name: str, params: dict[str, Any], work: Work, duplicate: str
    ) -> JobRecord:
        """Register and start a job.

        Raises:
            AwsError: ResourceInUse, the name is taken; ``duplicate`` is the sentence, with {arn}.
        """
        now = self._now()
        arn = self._arn(kind, name)
        with self._store.lock:
            table = self._store.table(kind)
            if table.get(name):
                raise errors.resource_in_use(duplicate.format(arn=arn))
            job = JobRecord(
                name, arn, params, now, now, tag_map(params.get("Tags")), kind=kind,
                on_change=self._job_changed, now=self._now,
            )  # fmt: skip
            table.put(job)
        job.move(IN_PROGRESS, STARTING if kind == "training-job" else None)
        self._engine.start(job, work)
        return job

    def _job(self, kind: str, name: str, missing: Any) -> JobRecord:
        job: JobRecord | None = self._store.table(kind).get(name)
        if job is None:
            raise missing
        return job

    def _job_page(
        self, kind: str, params: dict[str, Any], *, descending: bool
    ) -> tuple[list[JobRecord], str | None]:
        return list_page(
            self._store.table(kind).all(),
            params,
            status=lambda job: job.status,
            descending=descending,
        )

    def _delete_job(self, job: JobRecord, what: str) -> None:
        with self._store.lock:
            if job.status not in TERMINAL:
                raise errors.resource_in_use(
                    f"The {what} job {job.arn} is in status {job.status}. "
                    f"Only jobs in {', '.join(sorted(TERMINAL))} can be deleted."
                )
            self._store.table(job.kind).remove(job.name)

    def _job_changed(self, job: JobRecord) -> None:
        if self._store.table(job.kind).get(job.name) is job:
            word = job.kind.partition("-")[0]
            describe = getattr(self, f"describe_{word}_job")
            publish_job(self.context, job, describe({f"{word.capitalize()}JobName": job.name}))
