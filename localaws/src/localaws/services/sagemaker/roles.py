"""Whether SageMaker may assume a role. AWS checks this when a job or a model is created."""

from __future__ import annotations

from localaws.core.context import Context
from localaws.services.sagemaker.errors import validation
from localaws.services.trust import role_trusts

_PRINCIPAL = "sagemaker.amazonaws.com"


def check_role(context: Context, role_arn: str) -> None:
    """Refuse a role that does not exist or does not trust SageMaker.

    Raises:
        AwsError: ValidationException in the words of AWS.
    """
    if not role_trusts(context, role_arn, _PRINCIPAL):
        raise validation(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{_PRINCIPAL}' to assume the role."
        )
