"""The operations of transform jobs."""

from __future__ import annotations

from typing import Any

from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.jobs.common import JobOperations
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.transform_run import TransformRun
from localaws.services.sagemaker.serving.plan import ServingPlan

_KIND = "transform-job"
_ECHOED = (
    "TransformJobName", "ModelName", "MaxConcurrentTransforms", "ModelClientConfig", "MaxPayloadInMB",
    "BatchStrategy", "Environment", "TransformInput", "TransformOutput", "TransformResources",
    "DataProcessing",
)  # fmt: skip
# Developer guide, batch-transform: MaxConcurrentTransforms * MaxPayloadInMB must not exceed 100 MB.
_MAX_TOTAL_MB = 100


class TransformOperations(JobOperations):
    """CreateTransformJob and what belongs to it."""

    @operation
    def create_transform_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the request, then run the job in the background."""
        _check(params)
        plan: ServingPlan = self._serving_plan(params["ModelName"])  # type: ignore[attr-defined]
        job = self._create_job(
            _KIND,
            params["TransformJobName"],
            params,
            TransformRun(self.context, plan),
            "Job name must be unique within an AWS account and region, and a job with this name "
            "already exists ({arn})",
        )
        return {"TransformJobArn": job.arn}

    @operation
    def describe_transform_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one job."""
        job = self._transform_job(params, errors.validation)
        return {
            **{key: job.request[key] for key in _ECHOED if key in job.request},
            "TransformJobArn": job.arn,
            "TransformJobStatus": job.status,
            "FailureReason": job.failure_reason,
            "CreationTime": job.created,
            "TransformStartTime": job.started,
            "TransformEndTime": job.ended,
            **job.facts,
        }

    @operation
    def list_transform_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, newest first."""
        page, token = self._job_page(_KIND, params, descending=True)
        summaries = [
            {
                "TransformJobName": job.name,
                "TransformJobArn": job.arn,
                "TransformJobStatus": job.status,
                "CreationTime": job.created,
                "LastModifiedTime": job.modified,
                "TransformEndTime": job.ended,
                "FailureReason": job.failure_reason,
            }
            for job in page
        ]
        return {"TransformJobSummaries": summaries, "NextToken": token}

    @operation
    def stop_transform_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """A stopped job keeps no output."""
        self._transform_job(params, errors.resource_not_found).request_stop("transform")
        return {}

    def _transform_job(self, params: dict[str, Any], error: Any) -> JobRecord:
        name = params["TransformJobName"]
        return self._job(_KIND, name, error(f"Could not find requested job with name: {name}"))


def _check(params: dict[str, Any]) -> None:
    if params["TransformResources"]["InstanceCount"] != 1:
        raise _refuse("InstanceCount", params["TransformResources"]["InstanceCount"], "Use 1.")
    source = params["TransformInput"]
    if "S3DataSource" not in source["DataSource"]:
        raise _refuse("DataSource", sorted(source["DataSource"]), "Use S3DataSource.")
    if source["DataSource"]["S3DataSource"]["S3DataType"] != "S3Prefix":
        kind = source["DataSource"]["S3DataSource"]["S3DataType"]
        raise _refuse("S3DataType", kind, "Use S3Prefix.")
    split = source.get("SplitType", "None")
    if split not in ("None", "Line"):
        raise _refuse("SplitType", split, "Use None or Line.")
    if split == "None" and params.get("BatchStrategy") == "SingleRecord":
        raise errors.validation("BatchStrategy SingleRecord needs SplitType Line.")
    processing = params.get("DataProcessing", {})
    defaults = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    for member, default in defaults.items():
        if processing.get(member, default) != default:
            raise _refuse(f"DataProcessing.{member}", processing[member], f"Use {default}.")
    for member in ("DataCaptureConfig", "ExperimentConfig"):
        if member in params:
            raise _refuse(member, params[member], "Leave it out.")
    total = params.get("MaxConcurrentTransforms", 1) * params.get("MaxPayloadInMB", 6)
    if total > _MAX_TOTAL_MB:
        raise errors.validation(
            f"MaxConcurrentTransforms * MaxPayloadInMB is {total}, but must not exceed {_MAX_TOTAL_MB}."
        )


def _refuse(member: str, value: object, instead: str) -> Exception:
    return errors.feature_not_emulated("CreateTransformJob", member, value, instead)
