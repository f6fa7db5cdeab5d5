"""The source actions of connections and CodeCommit, and what starts a pipeline that has one."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from localaws.core.errors import AwsError
from localaws.services.git.connections import PENDING
from unit.services.codepipeline.definitions import (
    codecommit_source,
    connection_source,
    git_pipeline,
    trigger,
)
from unit.services.codepipeline.fake_git import CONNECTION, pull_request, push
from unit.services.codepipeline.fakes import Harness, approval, running
from waiting import eventually


def create(harness: Harness, source: dict[str, Any], **members: Any) -> None:
    harness.api.create_pipeline({"pipeline": git_pipeline([approval()], source=source, **members)})


def fetched(harness: Harness) -> dict[str, Any]:
    """The newest source action, once it has succeeded."""
    newest = harness.executions()[0]["pipelineExecutionId"]
    return eventually(
        lambda: next((a for a in harness.actions(newest) if a["status"] == "Succeeded"), None)
    )


def content(harness: Harness, action: dict[str, Any]) -> zipfile.ZipFile:
    place = action["output"]["outputArtifacts"][0]["s3location"]
    stored = harness.context.s3.get_object(place["bucket"], place["key"])["Body"].read()
    return zipfile.ZipFile(io.BytesIO(stored))


def test_a_connection_fetches_the_branch_with_its_variables(harness: Harness) -> None:
    commit = harness.context.git.repositories["octo/demo"].add("Add a gate\n\nIt compares.\n")
    create(harness, connection_source())
    action = fetched(harness)
    assert action["output"]["outputVariables"] == {
        "AuthorDate": "2026-01-02T03:04:05Z",
        "AuthorDisplayName": "Ada Lovelace",
        "AuthorEmail": "ada@example.com",
        "AuthorId": "ada@example.com",
        "BranchName": "main",
        "CommitId": commit.id,
        "CommitMessage": "Add a gate\n\nIt compares.",
        "ConnectionArn": CONNECTION,
        "FullRepositoryName": "octo/demo",
        "ProviderType": "GitHub",
    }
    assert content(harness, action).read("commit").decode() == commit.id
    revision = harness.executions()[0]["sourceRevisions"][0]
    assert revision["revisionId"] == commit.id
    assert json.loads(revision["revisionSummary"]) == {
        "ProviderType": "GitHub",
        "CommitMessage": "Add a gate\n\nIt compares.",
    }
    assert f"FullRepositoryId=octo/demo&Commit={commit.id}" in revision["revisionUrl"]


def test_codecommit_fetches_the_branch_with_its_variables(harness: Harness) -> None:
    commit = harness.context.git.repositories["code"].add("Add a gate\n")
    create(harness, codecommit_source())
    action = fetched(harness)
    assert action["output"]["outputVariables"] == {
        "AuthorDate": "2026-01-02T03:04:05Z",
        "BranchName": "main",
        "CommitId": commit.id,
        "CommitMessage": "Add a gate",
        "CommitterDate": "2026-01-02T03:04:05Z",
        "RepositoryName": "code",
    }
    revision = harness.executions()[0]["sourceRevisions"][0]
    assert revision["revisionSummary"] == "Add a gate"
    assert revision["revisionUrl"].endswith(f"/repository/code/commit/{commit.id}")


@pytest.mark.parametrize(
    ("source", "identity"),
    [
        (connection_source, {"connectionArn": CONNECTION, "fullRepositoryId": "octo/demo"}),
        (codecommit_source, {"repositoryName": "code"}),
    ],
)
def test_a_full_clone_is_a_reference(
    harness: Harness, source: Any, identity: dict[str, str]
) -> None:
    for repository in harness.context.git.repositories.values():
        commit = repository.add("Start")
    create(harness, source(configuration={"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}))
    archive = content(harness, fetched(harness))
    assert archive.namelist() == ["codebuild_clone_ref.json"]
    reference = json.loads(archive.read("codebuild_clone_ref.json"))
    assert reference == identity | {"branchName": "main", "commitId": commit.id}


def test_a_missing_branch_and_a_pending_connection_are_named(harness: Harness) -> None:
    create(harness, connection_source())
    first = harness.executions()[0]["pipelineExecutionId"]
    harness.wait(first, "Failed")
    error = harness.latest("Source", "Git")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert "No Branch [main] found" in error["message"]
    harness.context.git.connection.status = PENDING
    second = harness.start()
    harness.wait(second, "Failed")
    assert "is not available" in harness.latest("Source", "Git")["errorDetails"]["message"]


def test_a_commit_can_be_asked_for(harness: Harness) -> None:
    repository = harness.context.git.repositories["octo/demo"]
    old = repository.add("Old")
    repository.add("New")
    create(harness, connection_source())
    override = {"actionName": "Git", "revisionType": "COMMIT_ID", "revisionValue": old.id}
    harness.start(sourceRevisions=[override])
    harness.approve("Stage1")
    assert fetched(harness)["output"]["outputVariables"]["CommitMessage"] == "Old"
    with pytest.raises(AwsError, match="allowed are COMMIT_ID"):
        harness.start(sourceRevisions=[override | {"revisionType": "S3_OBJECT_KEY"}])
    missing = harness.start(sourceRevisions=[override | {"revisionValue": "f" * 40}])
    harness.wait(missing, "Failed")
    assert "has no commit ffff" in harness.latest("Source", "Git")["errorDetails"]["message"]


def triggers(harness: Harness) -> list[tuple[str, str]]:
    return [
        (e["trigger"]["triggerType"], e["trigger"]["triggerDetail"]) for e in harness.executions()
    ]


def test_a_push_to_the_branch_starts_the_pipeline(harness: Harness) -> None:
    git = harness.context.git
    git.repositories["octo/demo"].add("Start")
    create(harness, connection_source(), executionMode="PARALLEL")
    git.push("Elsewhere", "refs/heads/other")
    git.push("A tag", "refs/tags/v1")
    git.push("Another repository", name="code")
    pushed = git.push("Here")
    git.repositories["octo/demo"].add("Later")
    assert [kind for kind, _ in triggers(harness)] == ["WebhookV2", "CreatePipeline"]
    assert triggers(harness)[0][1] == CONNECTION
    assert fetched(harness)["output"]["outputVariables"]["CommitId"] == pushed.id


def test_a_v2_pipeline_without_a_trigger_shows_the_one_for_its_branch(harness: Harness) -> None:
    create(harness, connection_source())
    shown = harness.api.get_pipeline({"name": "demo"})["pipeline"]["triggers"]
    assert shown == [trigger(push=[{"branches": {"includes": ["main"]}}])]
    quiet = connection_source(configuration={"DetectChanges": "false"})
    harness.api.update_pipeline({"pipeline": git_pipeline([approval()], source=quiet)})
    assert "triggers" not in harness.api.get_pipeline({"name": "demo"})["pipeline"]
    plain = git_pipeline([approval()], pipelineType="V1", executionMode="SUPERSEDED")
    harness.api.update_pipeline({"pipeline": plain})
    assert "triggers" not in harness.api.get_pipeline({"name": "demo"})["pipeline"]
    harness.context.git.push("Here")
    assert triggers(harness)[0][0] == "WebhookV2"


def test_without_detect_changes_a_push_starts_nothing(harness: Harness) -> None:
    create(harness, connection_source(configuration={"DetectChanges": "false"}))
    harness.context.git.push("Here")
    assert [kind for kind, _ in triggers(harness)] == ["CreatePipeline"]


def test_with_a_trigger_the_branch_of_the_action_counts_for_manual_starts_only(
    harness: Harness,
) -> None:
    git = harness.context.git
    main = git.repositories["octo/demo"].add("On main")
    filters = [{"branches": {"includes": ["feature/**"]}}]
    create(harness, connection_source(), triggers=[trigger(push=filters)], executionMode="PARALLEL")
    git.push("Also on main")
    feature = git.push("On a feature", "refs/heads/feature/x")
    assert [kind for kind, _ in triggers(harness)] == ["WebhookV2", "CreatePipeline"]
    found = fetched(harness)["output"]["outputVariables"]
    assert (found["BranchName"], found["CommitId"]) == ("feature/x", feature.id)
    git.repositories["octo/demo"].refs["refs/heads/main"] = main
    harness.start()
    found = fetched(harness)["output"]["outputVariables"]
    assert (found["BranchName"], found["CommitId"]) == ("main", main.id)


def test_a_pull_request_starts_the_pipeline_with_its_head(harness: Harness) -> None:
    git = harness.context.git
    head = git.repositories["octo/demo"].add("Proposed", "refs/heads/proposal")
    filters = [{"events": ["OPEN"], "branches": {"includes": ["main"]}}]
    create(
        harness,
        connection_source(),
        triggers=[trigger(pullRequest=filters)],
        executionMode="PARALLEL",
    )
    repository = git.repositories["octo/demo"]
    for action, base in (("opened", "main"), ("opened", "other"), ("merged", "main")):
        git.tell(pull_request(repository, action, head.id, "proposal", base))
    git.push("A push")
    assert [kind for kind, _ in triggers(harness)] == ["WebhookV2", "CreatePipeline"]
    found = fetched(harness)["output"]["outputVariables"]
    assert (found["BranchName"], found["CommitId"]) == ("proposal", head.id)


def test_a_deleted_branch_and_a_deleted_pipeline_start_nothing(harness: Harness) -> None:
    create(harness, connection_source())
    repository = harness.context.git.repositories["octo/demo"]
    harness.context.git.tell(push(repository, "refs/heads/main", None))
    assert len(harness.executions()) == 1
    harness.api.delete_pipeline({"name": "demo"})
    harness.context.git.push("Here")


def test_a_push_after_the_end_of_the_service_starts_nothing(harness: Harness) -> None:
    create(harness, connection_source())
    harness.provider.close()
    harness.context.git.push("Late")
    assert len(harness.executions()) == 1


def test_codecommit_is_polled(tmp_path: Path) -> None:
    with running(tmp_path, poll_seconds=0.01) as harness:
        repository = harness.context.git.repositories["code"]
        repository.add("First")
        create(harness, codecommit_source(configuration={"PollForSourceChanges": "true"}))
        fetched(harness)
        repository.add("Second")
        eventually(lambda: ("PollForSourceChanges", "code/main") in triggers(harness))
