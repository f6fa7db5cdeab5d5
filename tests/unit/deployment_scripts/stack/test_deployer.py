"""The policies of the role that deploys, and how the role is made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from landing_zone.core.settings import load_settings
from landing_zone.stack import deployer
from localaws.services.iam.document import parse

ACCOUNT = "210987654321"
SETTINGS = load_settings({"SERVICE": "shop", "BUILD_STAGE": "staging", "AWS_REGION": "eu-north-1"})


class FakeIam:
    """Roles and policies in memory."""

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}
        self.policies: dict[str, str] = {}
        self.attached: set[tuple[str, str]] = set()

    def client(self, service_name: str) -> Any:
        assert service_name == "iam"
        return self

    def _refuse(self, name: str, known: dict[str, str]) -> None:
        if name in known:
            raise ClientError({"Error": {"Code": "EntityAlreadyExists"}}, "Create")

    def create_role(self, **params: str) -> Any:
        self._refuse(params["RoleName"], self.roles)
        self.roles[params["RoleName"]] = params["AssumeRolePolicyDocument"]
        return self.get_role(**params)

    def get_role(self, **params: str) -> Any:
        return {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{params['RoleName']}"}}

    def create_policy(self, **params: str) -> None:
        arn = f"arn:aws:iam::{ACCOUNT}:policy/{params['PolicyName']}"
        self._refuse(arn, self.policies)
        self.policies[arn] = params["PolicyDocument"]

    def list_policy_versions(self, **_: str) -> Any:
        return {
            "Versions": [
                {"VersionId": "v1", "IsDefaultVersion": False},
                {"VersionId": "v2", "IsDefaultVersion": True},
            ]
        }

    def delete_policy_version(self, **params: str) -> None:
        assert params["VersionId"] == "v1"

    def create_policy_version(self, **params: Any) -> None:
        assert params["SetAsDefault"]
        self.policies[params["PolicyArn"]] = params["PolicyDocument"]

    def attach_role_policy(self, **params: str) -> None:
        self.attached.add((params["RoleName"], params["PolicyArn"]))


@pytest.mark.parametrize("name", ["read", "run", "write"])
def test_a_policy_is_one_that_iam_takes(name: str) -> None:
    document = deployer.policies(SETTINGS, ACCOUNT)[f"deployer-shop-staging-{name}"]
    text = json.dumps(document, separators=(",", ":"))
    assert parse(text).statements
    assert len(text) <= deployer.MAXIMUM_LENGTH
    for word in ("ACCOUNT", "REGION", "SERVICE", "STAGE"):
        assert word not in text
    assert "shop-staging-" in text


def test_the_role_cannot_change_itself() -> None:
    statements = [
        statement
        for document in deployer.policies(SETTINGS, ACCOUNT).values()
        for statement in document["Statement"]
    ]
    writes = [
        resource
        for statement in statements
        if any(action.startswith("iam:") for action in statement["Action"])
        for resource in statement["Resource"]
    ]
    assert set(writes) == {f"arn:aws:iam::{ACCOUNT}:role/shop-staging-*"}
    assert not deployer.role_name(SETTINGS).startswith("shop-staging-")


def test_a_second_creation_brings_the_policies_up_to_date() -> None:
    iam = FakeIam()
    arn = deployer.create(iam, SETTINGS, ACCOUNT)
    iam.policies = dict.fromkeys(iam.policies, "old")
    assert deployer.create(iam, SETTINGS, ACCOUNT) == arn
    assert arn == f"arn:aws:iam::{ACCOUNT}:role/deployer-shop-staging"
    assert len(iam.attached) == 3
    assert "old" not in iam.policies.values()
    assert json.loads(iam.roles["deployer-shop-staging"])["Statement"][0]["Principal"] == {
        "AWS": f"arn:aws:iam::{ACCOUNT}:root"
    }
