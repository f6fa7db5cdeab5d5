"""The role that deploys: what Terraform and the scripts may do, instead of an administrator's credentials.

Its policies are the files in infra/deployer/. The words SERVICE, STAGE, ACCOUNT and REGION in them stand
for those of the deployment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code
from landing_zone.core.settings import ROOT, Settings

FOLDER = ROOT / "infra" / "deployer"
# AWS takes no longer managed policies; white space does not count.
MAXIMUM_LENGTH = 6144


def role_name(settings: Settings) -> str:
    """Not `{prefix}-deployer`: the deployer may change every role whose name begins with the prefix."""
    return f"deployer-{settings.prefix}"


def policies(settings: Settings, account: str) -> dict[str, dict[str, Any]]:
    """The policies of the role by their names."""
    words = {
        "ACCOUNT": account,
        "REGION": settings.region,
        "SERVICE": settings.service,
        "STAGE": settings.stage,
    }
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        text = re.sub(
            rf"\b({'|'.join(words)})\b",
            lambda found: words[found[0]],
            path.read_text(encoding="utf-8"),
        )
        found[f"{role_name(settings)}-{path.stem}"] = json.loads(text)
    return found


def trust_policy(account: str) -> dict[str, Any]:
    """Whoever the account lets assume roles may deploy."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def create(aws: Clients, settings: Settings, account: str) -> str:
    """Create the role and its policies, or bring them up to date. Returns the ARN of the role."""
    iam, name = aws.client("iam"), role_name(settings)
    try:
        arn = str(
            iam.create_role(
                RoleName=name, AssumeRolePolicyDocument=json.dumps(trust_policy(account))
            )["Role"]["Arn"]
        )
    except ClientError as error:
        if error_code(error) != "EntityAlreadyExists":
            raise
        arn = str(iam.get_role(RoleName=name)["Role"]["Arn"])
    for policy, document in policies(settings, account).items():
        policy_arn = f"arn:aws:iam::{account}:policy/{policy}"
        _put_policy(iam, policy, policy_arn, json.dumps(document, separators=(",", ":")))
        iam.attach_role_policy(RoleName=name, PolicyArn=policy_arn)
    return arn


def assume(aws: Clients, role_arn: str) -> Mapping[str, str]:
    """The environment variables of a session with the role."""
    found = aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="deployer")
    credentials = found["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": str(credentials["AccessKeyId"]),
        "AWS_SECRET_ACCESS_KEY": str(credentials["SecretAccessKey"]),
        "AWS_SESSION_TOKEN": str(credentials["SessionToken"]),
    }


def _put_policy(iam: Any, name: str, arn: str, document: str) -> None:
    try:
        iam.create_policy(PolicyName=name, PolicyDocument=document)
        return
    except ClientError as error:
        if error_code(error) != "EntityAlreadyExists":
            raise
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    for version in versions:
        # AWS keeps five versions.
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
