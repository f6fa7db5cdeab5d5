"""Git sources, and the webhooks that start builds of them."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from localaws.services.git.client import connect
from localaws.testing import REGION
from server.codebuild.client import BUCKET, context
from server.codebuild.test_sources_and_artifacts import pipeline_client
from server.git_world import Checkout
from waiting import eventually
from zips import make_zip

SPEC = """version: 0.2
phases:
  build:
    commands:
      - git log --format=%s
      - echo "version=$CODEBUILD_RESOLVED_SOURCE_VERSION url=$CODEBUILD_SOURCE_REPO_URL dir=$PWD"
      - echo "trigger=$CODEBUILD_WEBHOOK_TRIGGER event=$CODEBUILD_WEBHOOK_EVENT"
      - echo "head=$CODEBUILD_WEBHOOK_HEAD_REF"
"""


@pytest.fixture
def connected(codebuild, tmp_path):
    """A connection, and a working tree of the repository behind it."""
    connections = codebuild.server.client("codeconnections")
    name = f"github-{uuid.uuid4().hex[:8]}"
    arn = connections.create_connection(ConnectionName=name, ProviderType="GitHub")["ConnectionArn"]
    repository = f"acme/{name}"
    url = connect(codebuild.server.endpoint_url, name, repository, region=REGION)["cloneUrl"]
    tree = Checkout(tmp_path / "tree")
    tree.git("remote", "add", "origin", url)
    return arn, repository, tree


def source(arn, repository, **more):
    return {
        "type": "GITHUB",
        "location": f"https://github.com/{repository}.git",
        "auth": {"type": "CODECONNECTIONS", "resource": arn},
        **more,
    }


def wait_for_builds(codebuild, project, count):
    def started():
        ids = codebuild.api.list_builds_for_project(projectName=project)["ids"]
        return ids if len(ids) >= count else None

    return [codebuild.wait(build_id) for build_id in eventually(started)]


def test_a_repository_behind_a_connection_is_cloned(codebuild, connected):
    arn, repository, tree = connected
    first = tree.push("First", {"buildspec.yml": SPEC})
    second = tree.push("Second", {})
    project = codebuild.project(source=source(arn, repository))
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert build["resolvedSourceVersion"] == second
    assert f"version={second} url=https://github.com/{repository}.git" in log
    assert f"/src/github.com/{repository}\n" in log
    assert "Second\nFirst\n" in log
    older = codebuild.run(project, sourceVersion=first)
    assert older["resolvedSourceVersion"] == first
    shallow = codebuild.log(codebuild.run(project, gitCloneDepthOverride=1))
    assert "Second\n" in shallow
    assert "First\n" not in shallow
    unknown = codebuild.run(project, sourceVersion="no-branch")
    assert context(unknown, "DOWNLOAD_SOURCE")[1:] == (
        "CLIENT_ERROR",
        "reference not found for primary source",
    )


def test_a_pending_connection_gives_no_source(codebuild):
    connections = codebuild.server.client("codeconnections")
    arn = connections.create_connection(ConnectionName="pending", ProviderType="GitHub")[
        "ConnectionArn"
    ]
    build = codebuild.run(codebuild.project(source=source(arn, "acme/none")))
    status, code, message = context(build, "DOWNLOAD_SOURCE")
    assert (status, code) == ("FAILED", "CLIENT_ERROR")
    assert "PENDING" in message


def test_imported_credentials_are_the_connection_of_every_source(codebuild, connected):
    arn, repository, tree = connected
    tree.push("First", {"buildspec.yml": SPEC})
    bare = source(arn, repository)
    del bare["auth"]
    project = codebuild.project(source=bare)
    failed = codebuild.run(project)
    assert "there is no connection" in context(failed, "DOWNLOAD_SOURCE")[2]
    token = codebuild.api.import_source_credentials(
        serverType="GITHUB", authType="CODECONNECTIONS", token=arn
    )["arn"]
    try:
        assert codebuild.run(project)["buildStatus"] == "SUCCEEDED"
    finally:
        codebuild.api.delete_source_credentials(arn=token)


def test_a_repository_of_codecommit_is_cloned(codebuild):
    codecommit = codebuild.server.client("codecommit")
    codecommit.create_repository(repositoryName="service")
    commit = codecommit.put_file(
        repositoryName="service", branchName="main", filePath="buildspec.yml",
        fileContent=SPEC.encode(), commitMessage="From the API",
    )["commitId"]  # fmt: skip
    location = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/service"
    project = codebuild.project(source={"type": "CODECOMMIT", "location": location})
    build = codebuild.run(project, sourceVersion="main")
    log = codebuild.log(build)
    assert build["resolvedSourceVersion"] == commit, log
    assert "/src/git-codecommit.eu-west-1.amazonaws.com/v1/repos/service\n" in log
    assert "From the API" in log


def test_the_credential_helper_lets_commands_push(codebuild, connected):
    arn, repository, tree = connected
    tree.push("First", {"a.txt": "a"})
    build = codebuild.run(
        codebuild.project(
            source=source(
                arn,
                repository,
                buildspec="""version: 0.2
env: {git-credential-helper: yes}
phases:
  build:
    commands:
      - git config user.name Ada && git config user.email ada@example.com
      - git commit --allow-empty --message Second
      - git push origin HEAD:refs/heads/from-the-build
""",
            )
        )
    )
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
    tree.git("fetch", "--quiet", "origin")
    assert tree.git("log", "-1", "--format=%s", "origin/from-the-build") == "Second"


def test_a_pipeline_passes_a_reference_to_a_clone(codebuild, connected):
    arn, repository, tree = connected
    commit = tree.push("First", {"buildspec.yml": SPEC})
    reference = {
        "connectionArn": arn,
        "fullRepositoryId": repository,
        "commitId": commit,
        "branchName": "main",
    }
    archive = make_zip({"codebuild_clone_ref.json": json.dumps(reference)})
    codebuild.s3.put_object(Bucket=BUCKET, Key="clone-ref", Body=archive)
    project = codebuild.project(source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"})
    started = pipeline_client(codebuild, "codepipeline/clone").start_build(
        projectName=project, sourceTypeOverride="S3", sourceLocationOverride=f"{BUCKET}/clone-ref",
        artifactsOverride={"type": "NO_ARTIFACTS"}, sourceVersion=commit,
    )["build"]["id"]  # fmt: skip
    build = codebuild.wait(started)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert build["resolvedSourceVersion"] == commit
    assert log.count("/src\n") >= 2
    assert "First\n" in log


def test_a_push_starts_a_build_when_a_filter_group_matches(codebuild, connected):
    arn, repository, tree = connected
    project = codebuild.project(source=source(arn, repository))
    webhook = codebuild.api.create_webhook(
        projectName=project,
        filterGroups=[
            [
                {"type": "EVENT", "pattern": "PUSH"},
                {"type": "HEAD_REF", "pattern": "^refs/heads/main$"},
                {"type": "FILE_PATH", "pattern": "^docs/", "excludeMatchedPattern": True},
            ],
            [
                {"type": "EVENT", "pattern": "PUSH"},
                {"type": "COMMIT_MESSAGE", "pattern": "build me"},
            ],
        ],
    )["webhook"]
    assert webhook["payloadUrl"].startswith("https://codebuild.eu-west-1.amazonaws.com/webhooks?")
    assert codebuild.api.batch_get_projects(names=[project])["projects"][0]["webhook"] == webhook
    with pytest.raises(codebuild.api.exceptions.ResourceAlreadyExistsException):
        codebuild.api.create_webhook(projectName=project)
    first = tree.push("First", {"buildspec.yml": SPEC})
    (build,) = wait_for_builds(codebuild, project, 1)
    log = codebuild.log(build)
    assert build["resolvedSourceVersion"] == first
    assert build["initiator"].startswith("GitHub-Hookshot/")
    assert "trigger=branch/main event=PUSH\n" in log
    assert "head=refs/heads/main\n" in log
    tree.push("Nothing of main", {}, branch="other")
    last = tree.push("Please build me", {}, branch="other")
    builds = wait_for_builds(codebuild, project, 2)
    assert [found["resolvedSourceVersion"] for found in builds] == [last, first]
    codebuild.api.update_webhook(
        projectName=project, filterGroups=[[{"type": "EVENT", "pattern": "PULL_REQUEST_CREATED"}]]
    )
    codebuild.api.delete_webhook(projectName=project)
    with pytest.raises(ClientError, match="Webhook cannot be found"):
        codebuild.api.delete_webhook(projectName=project)
