"""SageMaker's error codes and sentences, and the exceptions that end a job or a deployment."""

from __future__ import annotations

from localaws.core.errors import AwsError


def validation(message: str) -> AwsError:
    """A request that is well-formed but wrong."""
    return AwsError("ValidationException", message)


def resource_in_use(message: str) -> AwsError:
    """The name is taken, or the resource is busy."""
    return AwsError("ResourceInUse", message)


def resource_not_found(message: str) -> AwsError:
    """Stop and Delete of jobs answer with this code, Describe with ValidationException."""
    return AwsError("ResourceNotFound", message)


def limit_exceeded(
    instance_type: str, usage: str, limit: int, current: int, delta: int
) -> AwsError:
    """A quota of instances would be exceeded."""
    return AwsError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{instance_type} for {usage} usage' is {limit} Instances, "
        f"with current utilization of {current} Instances and a request delta of {delta} Instances. "
        "Please use AWS Service Quotas to request an increase for this quota. "
        "If AWS Service Quotas is not available, contact AWS support to request an increase "
        "for this quota.",
    )


def feature_not_emulated(operation: str, member: str, value: object, instead: str) -> AwsError:
    """A parameter that AWS would honour and localaws does not: refused, never ignored."""
    return AwsError(
        "NotImplementedException",
        f"localaws does not emulate sagemaker:{operation} with {member}={value!r}. {instead}",
    )


class WorkloadError(Exception):
    """A job or a deployment fails. ``kind`` is the word that AWS puts in front of a FailureReason."""

    kind = "InternalServerError"

    @property
    def reason(self) -> str:
        """The FailureReason of a job."""
        return f"{self.kind}: {self}"


class RequestError(WorkloadError):
    """The request is at fault: inputs, permissions, image."""

    kind = "ClientError"


class ModelDataChangedError(RequestError):
    """The model data is not what was recorded when the model was registered."""


class AlgorithmError(WorkloadError):
    """The code in the container is at fault."""

    kind = "AlgorithmError"


class ExitError(WorkloadError):
    """The container ended with an exit code. The text is the complete FailureReason."""

    @property
    def reason(self) -> str:
        """The FailureReason of a job."""
        return str(self)


class StopRequestedError(Exception):
    """The job was stopped before its container started, or after it ended."""
