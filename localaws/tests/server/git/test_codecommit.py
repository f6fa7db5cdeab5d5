"""The API of CodeCommit, with pushes of Git and events on the bus."""

import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from localaws.testing import REGION

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@pytest.fixture
def codecommit(aws):
    return aws("codecommit")


@pytest.fixture
def push(tree, repository):
    """Pushes refs with git-remote-codecommit."""

    def run(*refs):
        tree.git("push", "--quiet", f"codecommit::{REGION}://{repository}", *refs)

    return run


@pytest.fixture
def inbox(aws, repository):
    """Returns the messages that arrive about the repository: events of the bus, or of a topic."""
    sqs, events = aws("sqs"), aws("events")
    name = f"inbox-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    pattern = {"source": ["aws.codecommit"], "resources": [repository_arn(repository)]}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def receive(count):
        found, deadline = [], time.monotonic() + 15
        while len(found) < count and time.monotonic() < deadline:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            found += [json.loads(message["Body"]) for message in answer.get("Messages", ())]
        assert len(found) == count, found
        return found

    receive.arn = arn
    return receive


def repository_arn(name):
    return f"arn:aws:codecommit:{REGION}:{ACCOUNT}:{name}"


def error(call, **params):
    with pytest.raises(ClientError) as refusal:
        call(**params)
    return refusal.value.response["Error"]["Code"]


def test_a_repository(codecommit, localaws):
    name = f"app-{uuid.uuid4().hex[:8]}"
    made = codecommit.create_repository(
        repositoryName=name, repositoryDescription="An app", tags={"team": "ml"}
    )["repositoryMetadata"]
    assert made["Arn"] == repository_arn(name)
    assert made["cloneUrlHttp"] == f"{localaws.endpoint_url}/v1/repos/{name}"
    assert "defaultBranch" not in made
    assert codecommit.get_repository(repositoryName=name)["repositoryMetadata"] == made
    assert (
        error(codecommit.create_repository, repositoryName=name) == "RepositoryNameExistsException"
    )
    assert error(codecommit.create_repository, repositoryName="a.git") == (
        "InvalidRepositoryNameException"
    )
    codecommit.update_repository_description(repositoryName=name, repositoryDescription="Other")
    codecommit.tag_resource(resourceArn=made["Arn"], tags={"stage": "dev"})
    codecommit.untag_resource(resourceArn=made["Arn"], tagKeys=["team"])
    assert codecommit.list_tags_for_resource(resourceArn=made["Arn"])["tags"] == {"stage": "dev"}
    found = codecommit.batch_get_repositories(repositoryNames=[name, "missing"])
    assert found["repositories"][0]["repositoryDescription"] == "Other"
    assert found["repositoriesNotFound"] == ["missing"]
    pages = codecommit.get_paginator("list_repositories").paginate()
    assert made["repositoryId"] in {
        pair["repositoryId"] for page in pages for pair in page["repositories"]
    }
    codecommit.update_repository_encryption_key(repositoryName=name, kmsKeyId="alias/other")
    codecommit.update_repository_name(oldName=name, newName=f"{name}-new")
    assert (
        error(codecommit.get_repository, repositoryName=name) == "RepositoryDoesNotExistException"
    )
    renamed = codecommit.get_repository(repositoryName=f"{name}-new")["repositoryMetadata"]
    assert renamed["cloneUrlHttp"].endswith(f"{name}-new")
    assert codecommit.delete_repository(repositoryName=f"{name}-new")["repositoryId"]
    assert "repositoryId" not in codecommit.delete_repository(repositoryName=f"{name}-new")


def test_a_push_is_an_event(codecommit, repository, tree, push, inbox):
    first = tree.commit(a="1")
    push("main")
    (created,) = inbox(1)
    metadata = codecommit.get_repository(repositoryName=repository)["repositoryMetadata"]
    assert created["detail-type"] == "CodeCommit Repository State Change"
    assert created["detail"] == {
        "callerUserArn": ROOT,
        "commitId": first,
        "event": "referenceCreated",
        "referenceFullName": "refs/heads/main",
        "referenceName": "main",
        "referenceType": "branch",
        "repositoryId": metadata["repositoryId"],
        "repositoryName": repository,
    }
    assert metadata["defaultBranch"] == "main"
    second = tree.commit(a="2")
    tree.git("tag", "v1")
    push("main", "v1")
    updated, tagged = sorted(inbox(2), key=lambda event: event["detail"]["referenceFullName"])
    assert updated["detail"]["event"] == "referenceUpdated"
    assert (updated["detail"]["oldCommitId"], updated["detail"]["commitId"]) == (first, second)
    assert tagged["detail"]["referenceType"] == "tag"
    push(":refs/tags/v1")
    assert inbox(1)[0]["detail"]["event"] == "referenceDeleted"
    # A refused push is no event: the next one is that of the branch.
    tree.git("commit", "--amend", "-m", "Another")
    assert tree.run("push", f"codecommit::{REGION}://{repository}", "main").returncode == 1
    push("main:other")
    assert inbox(1)[0]["detail"]["referenceName"] == "other"


def test_branches(codecommit, repository, tree, push, inbox):
    commit = tree.commit(a="1")
    push("main")
    where = {"repositoryName": repository}
    codecommit.create_branch(**where, branchName="feature/x", commitId=commit)
    assert codecommit.list_branches(**where)["branches"] == ["feature/x", "main"]
    assert [event["detail"]["referenceName"] for event in inbox(2)] == ["main", "feature/x"]
    assert error(
        codecommit.create_branch, **where, branchName="main", commitId=commit
    ) == "BranchNameExistsException"  # fmt: skip
    assert error(
        codecommit.create_branch, **where, branchName="x", commitId="0" * 40
    ) == "CommitDoesNotExistException"  # fmt: skip
    assert error(codecommit.create_branch, **where, branchName="a..b", commitId=commit) == (
        "InvalidBranchNameException"
    )
    assert error(codecommit.delete_branch, **where, branchName="main") == (
        "DefaultBranchCannotBeDeletedException"
    )
    assert error(codecommit.create_branch, **where, branchName="feature", commitId=commit) == (
        "InvalidBranchNameException"
    )
    codecommit.update_default_branch(**where, defaultBranchName="feature/x")
    deleted = codecommit.delete_branch(**where, branchName="main")["deletedBranch"]
    assert deleted == {"branchName": "main", "commitId": commit}
    assert "deletedBranch" not in codecommit.delete_branch(**where, branchName="main")
    assert error(codecommit.get_branch, **where, branchName="main") == "BranchDoesNotExistException"


def test_contents(codecommit, repository, tree, push):
    (tree.path / "link").symlink_to("a")
    first = tree.commit(a="1", folder__b="2")
    (tree.path / "a").chmod(0o755)
    second = tree.commit(folder__c="3")
    push("main")
    where = {"repositoryName": repository}
    commit = codecommit.get_commit(**where, commitId=second)["commit"]
    assert commit["parents"] == [first]
    assert commit["author"]["name"] == "Ada" and commit["author"]["date"].endswith("+0000")
    assert error(codecommit.get_commit, **where, commitId="main") == "CommitIdDoesNotExistException"
    batch = codecommit.batch_get_commits(**where, commitIds=[first, "0" * 40])
    assert [known["commitId"] for known in batch["commits"]] == [first]
    assert batch["errors"][0]["errorCode"] == "CommitIdDoesNotExistException"
    file = codecommit.get_file(**where, filePath="a")
    assert (file["fileContent"], file["fileMode"], file["commitId"]) == (b"1", "EXECUTABLE", second)
    assert codecommit.get_blob(**where, blobId=file["blobId"])["content"] == b"1"
    assert error(codecommit.get_blob, **where, blobId=second) == "BlobIdDoesNotExistException"
    assert error(codecommit.get_file, **where, filePath="x") == "FileDoesNotExistException"
    root = codecommit.get_folder(**where, folderPath="/", commitSpecifier="main")
    assert [known["absolutePath"] for known in root["subFolders"]] == ["folder"]
    assert [known["relativePath"] for known in root["symbolicLinks"]] == ["link"]
    folder = codecommit.get_folder(**where, folderPath="folder", commitSpecifier=first)
    assert [known["absolutePath"] for known in folder["files"]] == ["folder/b"]
    assert error(codecommit.get_folder, **where, folderPath="a") == "FolderDoesNotExistException"
    pages = codecommit.get_paginator("get_differences").paginate(
        **where, beforeCommitSpecifier=first, afterCommitSpecifier="main",
        PaginationConfig={"PageSize": 1},
    )  # fmt: skip
    changed = [known for page in pages for known in page["differences"]]
    assert [(known["changeType"], known["afterBlob"]["path"]) for known in changed] == [
        ("M", "a"), ("A", "folder/c"),
    ]  # fmt: skip
    assert len(codecommit.get_differences(**where, afterCommitSpecifier=first)["differences"]) == 3


def test_commits_of_the_api(codecommit, repository, tree, inbox):
    where = {"repositoryName": repository, "branchName": "main"}
    made = codecommit.create_commit(
        **where, commitMessage="First", authorName="Grace", email="grace@example.com",
        putFiles=[
            {"filePath": "run.sh", "fileMode": "EXECUTABLE", "fileContent": b"x"},
            {"filePath": "docs/a.md", "fileContent": b"a"},
        ],
    )  # fmt: skip
    assert [known["absolutePath"] for known in made["filesAdded"]] == ["run.sh", "docs/a.md"]
    (event,) = inbox(1)
    assert event["detail"]["commitId"] == made["commitId"]
    assert error(
        codecommit.put_file, **where, filePath="b", fileContent=b"b"
    ) == "ParentCommitIdRequiredException"  # fmt: skip
    put = codecommit.put_file(
        **where, filePath="b", fileContent=b"b", parentCommitId=made["commitId"]
    )
    assert error(
        codecommit.put_file, **where, filePath="c", fileContent=b"c", parentCommitId=made["commitId"]
    ) == "ParentCommitIdOutdatedException"  # fmt: skip
    parent = {"parentCommitId": put["commitId"]}
    assert error(codecommit.put_file, **where, filePath="b", fileContent=b"b", **parent) == (
        "SameFileContentException"
    )
    assert error(codecommit.put_file, **where, filePath="b/c", fileContent=b"b", **parent) == (
        "DirectoryNameConflictsWithFileNameException"
    )
    assert error(codecommit.put_file, **where, filePath="../c", fileContent=b"b", **parent) == (
        "InvalidPathException"
    )
    deleted = codecommit.delete_file(**where, filePath="docs/a.md", **parent)
    tree.git("clone", "--quiet", f"codecommit::{REGION}://{repository}", "clone")
    clone = tree.path / "clone"
    assert sorted(path.name for path in clone.iterdir()) == [".git", "b", "run.sh"]
    assert (clone / "run.sh").stat().st_mode & 0o100
    assert tree.git("-C", "clone", "log", "--format=%an", "--reverse").splitlines()[0] == "Grace"
    assert tree.git("-C", "clone", "rev-parse", "HEAD") == deleted["commitId"]
    assert tree.git("-C", "clone", "fsck", "--strict") == ""


def test_pull_requests(codecommit, repository, tree, push, inbox):
    base = tree.commit(a="1")
    push("main")
    head = tree.commit(b="1")
    push("main:feature")
    inbox(2)
    request = {
        "title": "Add b",
        "targets": [{"repositoryName": repository, "sourceReference": "feature"}],
        "clientRequestToken": "once",
    }
    made = codecommit.create_pull_request(**request)["pullRequest"]
    again = codecommit.create_pull_request(**request)["pullRequest"]
    assert again["pullRequestId"] == made["pullRequestId"]
    (target,) = made["pullRequestTargets"]
    assert (target["sourceCommit"], target["destinationCommit"]) == (head, base)
    number = {"pullRequestId": made["pullRequestId"]}
    (event,) = inbox(1)
    assert event["detail-type"] == "CodeCommit Pull Request State Change"
    assert event["detail"]["event"] == "pullRequestCreated"
    assert event["detail"]["pullRequestStatus"] == "Open"
    codecommit.update_pull_request_title(**number, title="Other")
    tree.commit(c="1")
    push("main:feature")
    types = {event["detail"]["event"] for event in inbox(2)}
    assert types == {"referenceUpdated", "pullRequestSourceBranchUpdated"}
    options = codecommit.get_merge_options(
        repositoryName=repository, sourceCommitSpecifier="feature",
        destinationCommitSpecifier="main",
    )  # fmt: skip
    assert options["mergeOptions"] == ["FAST_FORWARD_MERGE", "SQUASH_MERGE", "THREE_WAY_MERGE"]
    assert error(
        codecommit.merge_pull_request_by_squash,
        **number, repositoryName=repository, sourceCommitId=head,
    ) == "TipOfSourceReferenceIsDifferentException"  # fmt: skip
    merged = codecommit.merge_pull_request_by_squash(
        **number, repositoryName=repository, commitMessage="All of it", authorName="Grace"
    )["pullRequest"]
    metadata = merged["pullRequestTargets"][0]["mergeMetadata"]
    assert (merged["pullRequestStatus"], metadata["isMerged"]) == ("CLOSED", True)
    commit = codecommit.get_commit(repositoryName=repository, commitId=metadata["mergeCommitId"])
    assert commit["commit"]["author"]["name"] == "Grace"
    assert commit["commit"]["parents"] == [base]
    assert "pullRequestMergeStatusUpdated" in {event["detail"]["event"] for event in inbox(2)}
    assert error(
        codecommit.merge_pull_request_by_three_way, **number, repositoryName=repository
    ) == "PullRequestAlreadyClosedException"  # fmt: skip
    listed = codecommit.list_pull_requests(repositoryName=repository, pullRequestStatus="CLOSED")
    assert listed["pullRequestIds"] == [made["pullRequestId"]]
    assert error(codecommit.get_pull_request, pullRequestId="99999") == (
        "PullRequestDoesNotExistException"
    )


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("create_approval_rule_template",
         {"approvalRuleTemplateName": "x", "approvalRuleTemplateContent": "{}"}),
        ("update_pull_request_approval_state",
         {"pullRequestId": "1", "revisionId": "1", "approvalState": "APPROVE"}),
        ("get_comments_for_pull_request", {"pullRequestId": "1"}),
    ],
)  # fmt: skip
def test_approvals_and_comments_are_refused_by_name(codecommit, operation, params):
    with pytest.raises(ClientError, match=r"NotImplementedException.*codecommit"):
        getattr(codecommit, operation)(**params)


def test_triggers(codecommit, repository, tree, push, aws, inbox):
    sns = aws("sns")
    topic = sns.create_topic(Name=repository)["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn,
        Attributes={"RawMessageDelivery": "true"},
    )  # fmt: skip
    trigger = {"name": "notify", "destinationArn": topic, "branches": ["main"], "events": ["all"]}
    put = codecommit.put_repository_triggers(repositoryName=repository, triggers=[trigger])
    got = codecommit.get_repository_triggers(repositoryName=repository)
    assert (got["configurationId"], got["triggers"]) == (put["configurationId"], [trigger])
    commit = tree.commit(a="1")
    push("main:other")
    push("main")
    messages = [message for message in inbox(3) if "Records" in message]
    (record,) = messages[0]["Records"]
    assert record["eventSourceARN"] == repository_arn(repository)
    assert record["codecommit"]["references"] == [
        {"commit": commit, "ref": "refs/heads/main", "created": True}
    ]
    tested = codecommit.test_repository_triggers(
        repositoryName=repository,
        triggers=[trigger, trigger | {"name": "broken", "destinationArn": f"{topic}-missing"}],
    )
    assert tested["successfulExecutions"] == ["notify"]
    assert tested["failedExecutions"][0]["trigger"] == "broken"
    assert inbox(1)[0]["Records"][0]["eventName"] == "TriggerEventTest"
    for change, code in (
        ({"destinationArn": f"arn:aws:sns:eu-central-1:{ACCOUNT}:x"}, "Region"),
        ({"destinationArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x"}, "DestinationArn"),
        ({"name": "a b"}, "Name"),
    ):
        assert error(
            codecommit.put_repository_triggers,
            repositoryName=repository, triggers=[trigger | change],
        ) == f"InvalidRepositoryTrigger{code}Exception"  # fmt: skip
