"""Whether a service may assume a role. AWS checks this when something that has the role is created."""

from __future__ import annotations

from botocore.exceptions import ClientError

from localaws.core.context import Context
from localaws.services.iam import context_keys
from localaws.services.iam.decision import Policies, Request, decide
from localaws.services.iam.document import DocumentError, parse_object
from localaws.services.iam.principals import service


def role_trusts(context: Context, role_arn: str, principal: str, source_arn: str = "") -> bool:
    """Whether a role exists and its trust policy lets a service assume it.

    Args:
        context: of the service.
        role_arn: the role.
        principal: the service, for example ``sagemaker.amazonaws.com``.
        source_arn: the resource on whose behalf the service assumes the role. Where it does not exist yet,
            the value of aws:SourceArn ends with ``*``, which meets conditions on all resources of a kind.
    """
    try:
        role = context.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return False
    if role["Arn"] != role_arn:
        return False
    try:
        document = parse_object(role["AssumeRolePolicyDocument"], "trust policy")
    except DocumentError:
        return False
    source = source_arn or context.arn(principal.partition(".")[0], "*")
    caller = service(principal, context.account_id, source)
    keys = context_keys.of_principal(caller)
    request = Request(caller, "sts:AssumeRole", role_arn, keys)
    return decide(request, Policies(resource=[document], is_strict=True)).allowed
