"""Connections under both names of the service, and their handshake."""

import os
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

from localaws.services.git.client import GitControlError, connect
from localaws.testing import REGION


def localaws_command(localaws, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "localaws", *map(str, arguments), "--state-dir", localaws.state_dir],
        env={**os.environ, "AWS_REGION": REGION, "COLUMNS": "200"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.fixture(params=["codeconnections", "codestar-connections"])
def service(request):
    return request.param


def test_a_connection_waits_for_its_handshake(aws, localaws, service):
    client = aws(service)
    name = f"{service}-handshake"
    made = client.create_connection(
        ConnectionName=name[:32], ProviderType="GitHub", Tags=[{"Key": "a", "Value": "b"}]
    )
    arn = made["ConnectionArn"]
    assert arn.startswith(f"arn:aws:{service}:{REGION}:123456789012:connection/")
    assert client.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"] == "PENDING"
    answer = connect(localaws.endpoint_url, name[:32], f"{service}/app", region=REGION)
    assert answer["status"] == "AVAILABLE"
    found = client.get_connection(ConnectionArn=arn)["Connection"]
    assert (found["ConnectionStatus"], found["ProviderType"]) == ("AVAILABLE", "GitHub")
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    tags = client.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "c", "Value": "d"}]
    listed = client.list_connections(ProviderTypeFilter="GitHub")["Connections"]
    assert arn in {known["ConnectionArn"] for known in listed}
    client.delete_connection(ConnectionArn=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_connection(ConnectionArn=arn)


def test_what_needs_a_host_is_refused_by_name(aws, service):
    client = aws(service)
    with pytest.raises(ClientError, match=r"NotImplementedException.*CreateHost"):
        client.create_host(
            Name="h", ProviderType="GitHubEnterpriseServer", ProviderEndpoint="https://example.com"
        )
    with pytest.raises(ClientError, match=r"NotImplementedException.*needs a host"):
        client.create_connection(ConnectionName="x", ProviderType="GitHubEnterpriseServer")


def test_the_handshake_names_what_is_wrong(aws, localaws):
    aws("codeconnections").create_connection(ConnectionName="known", ProviderType="GitHub")
    with pytest.raises(GitControlError, match=r"no connection 'unknown'.*known"):
        connect(localaws.endpoint_url, "unknown", "me/app", region=REGION)
    with pytest.raises(GitControlError, match="write it as OWNER/REPO"):
        connect(localaws.endpoint_url, "known", "app", region=REGION)


def test_the_command_connect_fills_a_repository_from_a_folder(aws, localaws, tree):
    aws("codeconnections").create_connection(ConnectionName="from-folder", ProviderType="GitHub")
    commit = tree.commit(a="1")
    tree.git("branch", "--move", "trunk")
    tree.git("tag", "v1")
    tree.git("remote", "add", "origin", "git@github.com:me/from-folder.git")
    done = localaws_command(localaws, "connect", "from-folder", tree.path)
    assert done.returncode == 0, done.stderr
    assert "is AVAILABLE" in done.stdout
    url = f"{localaws.endpoint_url}/me/from-folder.git"
    assert f"remote add localaws {url}" in done.stdout
    listed = tree.git("ls-remote", "--symref", url)
    assert "ref: refs/heads/trunk\tHEAD" in listed and f"{commit}\trefs/tags/v1" in listed
    again = localaws_command(localaws, "connect", "from-folder", tree.path)
    assert again.returncode == 1
    assert "me/from-folder has branches already" in again.stderr
    other = localaws_command(localaws, "connect", "from-folder", "me/from-folder")
    assert other.returncode == 0
    wrong = localaws_command(localaws, "connect", "from-folder", "no-folder")
    assert "neither a directory with a repository nor the name of one" in wrong.stderr


def test_the_command_pr(aws, localaws, tree, hosted):
    name = "/".join(hosted.removesuffix(".git").split("/")[-2:])
    tree.commit(a="1")
    tree.git("push", "--quiet", hosted, "main")
    tree.commit(b="1")
    tree.git("push", "--quiet", hosted, "main:feature", "main:other")

    def pr(action, *arguments):
        done = localaws_command(localaws, "pr", action, name, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "has no pull requests" in pr("list")
    assert "   1 open    feature -> main" in pr("open", "--head", "feature", "--title", "Add b")
    assert "Other title" in pr("update", "1", "--title", "Other title")
    assert "   2 open    other -> main" in pr("open", "--head", "other", "--base", "main")
    assert "   2 closed  other -> main" in pr("close", "2")
    assert "   1 merged  feature -> main" in pr("merge", "1", "--option", "squash")
    assert pr("list").count("\n") == 2
    assert tree.git("ls-remote", hosted, "main") != tree.git("ls-remote", hosted, "feature")
    again = localaws_command(localaws, "pr", "merge", name, "1")
    assert (again.returncode, "is merged already" in again.stderr) == (1, True)
    missing = localaws_command(localaws, "pr", "list", "nobody/nothing")
    assert "no repository 'nobody/nothing'" in missing.stderr
