"""The events of SageMaker for EventBridge (developer guide, ``automating-sagemaker-with-eventbridge``).

Each kind of event has its own notation of time, as in the guide's examples.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.context import Context
from localaws.services.sagemaker.store import tag_list

if TYPE_CHECKING:
    from localaws.services.sagemaker.jobs.record import JobRecord

_SOURCE = "aws.sagemaker"


def publish_job(context: Context, job: JobRecord, description: dict[str, Any]) -> None:
    """The state change of a processing, training or transform job, with the answer of Describe."""
    if job.kind == "processing-job":
        detail_type, detail = "SageMaker Processing Job State Change", _times(description, _number)
    elif job.kind == "training-job":
        detail_type, detail = "SageMaker Training Job State Change", _times(description, _string)
    else:
        detail_type, detail = "SageMaker Transform Job State Change", _times(description, _iso)
    detail["Tags"] = dict(job.tags)
    context.publish(_SOURCE, detail_type, detail, [job.arn])


def publish_endpoint(
    context: Context, description: dict[str, Any], tags: dict[str, str], *, deployment: bool = False
) -> None:
    """The state change of an endpoint, or of a deployment to it.

    The event says IN_SERVICE where the API says InService.
    """
    detail = _times(description, _float)
    status = detail["EndpointStatus"]
    detail["EndpointStatus"] = "".join(
        f"_{letter}" if letter.isupper() and index else letter
        for index, letter in enumerate(status)
    ).upper()
    detail["Tags"] = dict(tags)
    kind = "Endpoint Deployment" if deployment else "Endpoint"
    context.publish(_SOURCE, f"SageMaker {kind} State Change", detail, [description["EndpointArn"]])


def publish_model_package(
    context: Context, description: dict[str, Any], updated: list[str]
) -> None:
    """The state change of a model package; ``updated`` names the fields that an update changed."""
    detail = _times(description, _iso)
    detail["UpdatedModelPackageFields"] = updated
    context.publish(
        _SOURCE, "SageMaker Model Package State Change", detail, [description["ModelPackageArn"]]
    )


def publish_simple(
    context: Context, thing: str, description: dict[str, Any], arn: str, tags: dict[str, str]
) -> None:
    """The state change of a model or an endpoint config. Their only one is their creation."""
    detail = _times(description, _iso) | {"Tags": tag_list(tags)}
    context.publish(_SOURCE, f"SageMaker {thing} State Change", detail, [arn])


def _times(value: Any, write: Any) -> Any:
    """A copy with every time written by ``write``."""
    if isinstance(value, datetime):
        return write(value)
    if isinstance(value, dict):
        return {key: _times(item, write) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_times(item, write) for item in value]
    return value


def _number(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _float(moment: datetime) -> float:
    return float(_number(moment))


def _string(moment: datetime) -> str:
    return str(_number(moment))


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
