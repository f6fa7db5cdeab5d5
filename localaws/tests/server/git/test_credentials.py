"""git-remote-codecommit and plain Git use repositories of CodeCommit with credentials."""

import subprocess
import sys
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from localaws.testing import REGION


@pytest.fixture(scope="module")
def user(aws):
    aws("iam").create_user(UserName="ada")
    return "ada"


def with_credentials(url, name, password):
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(name, safe='')}:{quote(password, safe='')}@{rest}"


def codecommit(repository):
    return f"codecommit::{REGION}://{repository}"


def test_git_remote_codecommit(tree, repository, aws):
    commit = tree.commit(a="1")
    tree.git("push", "--quiet", codecommit(repository), "main")
    branch = aws("codecommit").get_branch(repositoryName=repository, branchName="main")["branch"]
    assert branch["commitId"] == commit
    tree.git("clone", "--quiet", codecommit(repository), "clone")
    assert tree.git("-C", "clone", "rev-parse", "HEAD") == commit


def test_git_remote_codecommit_with_the_key_of_an_iam_user(tree, repository, aws, user):
    key = aws("iam").create_access_key(UserName=user)["AccessKey"]
    keys = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    tree.commit(a="1")
    tree.git("push", "--quiet", codecommit(repository), "main", **keys)
    wrong = tree.run("ls-remote", codecommit(repository), **keys | {"AWS_SECRET_ACCESS_KEY": "x"})
    assert wrong.returncode == 128
    assert "403" in wrong.stderr


def test_git_remote_codecommit_with_a_role(tree, repository, aws):
    role = aws("iam").create_role(
        RoleName="pusher",
        AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    )["Role"]["Arn"]
    credentials = aws("sts").assume_role(RoleArn=role, RoleSessionName="push")["Credentials"]
    keys = {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    tree.git("ls-remote", codecommit(repository), **keys)
    refused = tree.run("ls-remote", codecommit(repository), **keys | {"AWS_SESSION_TOKEN": "x"})
    assert "403" in refused.stderr


def test_the_region_is_in_the_signature(tree, repository, localaws, aws, user):
    key = aws("iam").create_access_key(UserName=user)["AccessKey"]
    refused = tree.run(
        "ls-remote", f"codecommit::eu-central-1://{repository}",
        AWS_ACCESS_KEY_ID=key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
    )  # fmt: skip
    assert "403" in refused.stderr


def test_a_name_in_two_regions_needs_the_host_of_one(tree, repository, localaws):
    made = subprocess.run(
        [sys.executable, "-c",
         "import boto3; c = boto3.client('codecommit', region_name='eu-central-1')\n"
         f"c.create_repository(repositoryName='{repository}')"],
        env=localaws.environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    refused = tree.run("ls-remote", codecommit(repository))
    assert f"git-codecommit.{REGION}.localhost" in refused.stderr


def test_plain_git_with_the_credentials_of_an_iam_user(tree, repository, aws, localaws, user):
    iam = aws("iam")
    made = iam.create_service_specific_credential(
        UserName=user, ServiceName="codecommit.amazonaws.com"
    )["ServiceSpecificCredential"]
    assert made["ServiceUserName"] == "ada-at-123456789012"
    name, password = made["ServiceUserName"], made["ServicePassword"]
    path = f"/v1/repos/{repository}"
    tree.commit(a="1")
    https = with_credentials(f"{localaws.https_endpoint_url}{path}", name, password)
    tree.git("push", "--quiet", https, "main")
    http = with_credentials(f"{localaws.endpoint_url}{path}", name, password)
    assert tree.git("ls-remote", http, "main").endswith("refs/heads/main")
    refused = tree.run("ls-remote", with_credentials(f"{localaws.endpoint_url}{path}", name, "x"))
    assert "403" in refused.stderr

    listed = iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]
    assert [known["ServiceSpecificCredentialId"] for known in listed] == [
        made["ServiceSpecificCredentialId"]
    ]
    assert "ServicePassword" not in listed[0]
    which = {
        "UserName": user,
        "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"],
    }
    iam.update_service_specific_credential(**which, Status="Inactive")
    assert tree.run("ls-remote", http).returncode == 128
    iam.update_service_specific_credential(**which, Status="Active")
    reset = iam.reset_service_specific_credential(**which)["ServiceSpecificCredential"]
    assert tree.run("ls-remote", http).returncode == 128
    tree.git(
        "ls-remote",
        with_credentials(f"{localaws.endpoint_url}{path}", name, reset["ServicePassword"]),
    )
    iam.delete_service_specific_credential(**which)
    assert not iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]


def test_credentials_of_another_service_or_user_are_refused(aws, user):
    with pytest.raises(ClientError, match="does not emulate"):
        aws("iam").create_service_specific_credential(
            UserName=user, ServiceName="cassandra.amazonaws.com"
        )
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws("iam").create_service_specific_credential(
            UserName="nobody", ServiceName="codecommit.amazonaws.com"
        )
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws("iam").delete_service_specific_credential(ServiceSpecificCredentialId="ACCA" + "0" * 16)


def test_without_credentials_git_asks_for_them(tree, repository, localaws):
    refused = tree.run("ls-remote", f"{localaws.endpoint_url}/v1/repos/{repository}")
    assert "could not read Username" in refused.stderr


def test_https_is_trusted_by_its_certificate_only(tree, repository):
    refused = tree.run("ls-remote", codecommit(repository), GIT_SSL_CAINFO="/etc/hostname")
    assert refused.returncode == 128
    assert "certificate" in refused.stderr.lower()
