"""Policies of AWS, and the simulation of policies."""

import json

import pytest
from botocore.exceptions import ClientError

MANAGED = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def policy(effect, action):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}],
        }
    )


def test_a_role_with_a_policy_of_aws(aws):
    iam = aws("iam")
    trust = policy("Allow", "sts:AssumeRole").replace(
        '"Resource": "*"', '"Principal": {"Service": "lambda.amazonaws.com"}'
    )
    role = iam.create_role(RoleName="simulated", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="simulated", PolicyArn=MANAGED)
    version = iam.get_policy(PolicyArn=MANAGED)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=MANAGED, VersionId=version)["PolicyVersion"][
        "Document"
    ]
    assert document["Statement"]

    def simulate(**more):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=role, ActionNames=["s3:GetObject", "s3:PutObject"], **more
        )
        return [item["EvalDecision"] for item in answer["EvaluationResults"]]

    assert simulate() == ["allowed", "implicitDeny"]
    assert simulate(PolicyInputList=[policy("Deny", "s3:Get*")]) == ["explicitDeny", "implicitDeny"]
    assert simulate(PermissionsBoundaryPolicyInputList=[policy("Allow", "s3:PutObject")]) == [
        "implicitDeny",
        "implicitDeny",
    ]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.simulate_principal_policy(PolicySourceArn=f"{role}-2", ActionNames=["s3:GetObject"])


def test_a_policy_that_is_not_attached(aws):
    conditional = json.loads(policy("Allow", "s3:GetObject"))
    conditional["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}

    def simulate(*entries):
        answer = aws("iam").simulate_custom_policy(
            PolicyInputList=[json.dumps(conditional)], ActionNames=["s3:GetObject"],
            ContextEntries=list(entries),
        )  # fmt: skip
        return answer["EvaluationResults"][0]["EvalDecision"]

    mfa = {
        "ContextKeyName": "aws:MultiFactorAuthPresent", "ContextKeyType": "boolean",
        "ContextKeyValues": ["true"],
    }  # fmt: skip
    assert simulate() == "implicitDeny"
    assert simulate(mfa) == "allowed"
    with pytest.raises(ClientError, match="InvalidInput"):
        aws("iam").simulate_custom_policy(PolicyInputList=["{}"], ActionNames=["s3:GetObject"])
