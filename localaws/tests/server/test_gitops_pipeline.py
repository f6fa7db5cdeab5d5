"""A push by Git starts a pipeline whose CodeBuild actions run real builds."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from localaws.services.git.client import request
from localaws.testing import REGION, LocalAws
from server.git_world import GitWorld
from server.pipeline_world import Aws, approval, kind
from waiting import eventually


@pytest.fixture
def git_world(aws: Aws, localaws: LocalAws, tmp_path: Path) -> GitWorld:
    return GitWorld(aws, localaws, tmp_path)


def trigger(**filters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": "Git", **filters},
    }


def test_a_push_is_built_and_its_variables_reach_the_approval(git_world: GitWorld) -> None:
    world = git_world
    client = world.aws("codepipeline")
    push = [{"branches": {"includes": ["main"]}, "filePaths": {"excludes": ["**.md"]}}]
    client.create_pipeline(
        pipeline=world.definition(
            [world.build()],
            [approval("Approve", CustomData="#{Build.SUMMARY}")],
            triggers=[trigger(push=push)],
            executionMode="PARALLEL",
        )
    )
    world.checkout.push("Only words", {"README.md": "words"})
    world.checkout.push("Elsewhere", {"settings.txt": "fine elsewhere"}, branch="other")
    commit = world.checkout.push('Say "more"', {"settings.txt": "fine and more"})

    def waiting() -> dict[str, Any] | None:
        for execution in world.executions():
            revisions = {r["revisionId"] for r in execution.get("sourceRevisions", [])}
            if commit in revisions:
                actions = world.actions(execution["pipelineExecutionId"])
                if "Approve" in actions or execution["status"] == "Failed":
                    return {"execution": execution, "actions": actions}
        return None

    found = eventually(waiting, 60)
    actions = found["actions"]
    assert found["execution"]["status"] == "InProgress", actions["Build"]["output"]
    assert found["execution"]["trigger"] == {
        "triggerType": "WebhookV2",
        "triggerDetail": world.connection,
    }
    summary = 'Say "more" from fine and more'
    assert actions["Build"]["output"]["outputVariables"] == {"SUMMARY": summary, "VERSION": commit}
    assert actions["Approve"]["input"]["resolvedConfiguration"]["CustomData"] == summary
    place = actions["Build"]["output"]["outputArtifacts"][0]["s3location"]
    stored = world.aws("s3").get_object(Bucket=place["bucket"], Key=place["key"])
    with zipfile.ZipFile(io.BytesIO(stored["Body"].read())) as archive:
        assert archive.read("plan.txt") == b"fine and more"
    assert stored["SSEKMSKeyId"] == world.key
    build = world.aws("codebuild").batch_get_builds(
        ids=[actions["Build"]["output"]["executionResult"]["externalExecutionId"]]
    )["builds"][0]
    assert build["initiator"] == f"codepipeline/{world.name}"
    # One for the creation of the pipeline, one for the push: the others match no filter.
    assert sorted(e["trigger"]["triggerType"] for e in world.executions()) == [
        "CreatePipeline",
        "WebhookV2",
    ]


def test_a_failed_build_stops_the_push_in_awss_words(git_world: GitWorld) -> None:
    world = git_world
    world.aws("codepipeline").create_pipeline(pipeline=world.definition([world.build()]))
    commit = world.checkout.push("Break it", {"settings.txt": "broken"})
    execution = world.run_of(commit, "Failed")
    result = world.actions(execution["pipelineExecutionId"])["Build"]["output"]["executionResult"]
    message = (
        "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, Message: Error"
        " while executing command: grep -q fine settings.txt. Reason: exit status 1"
    )
    assert result["errorDetails"] == {"code": "JobFailed", "message": message}
    assert result["externalExecutionSummary"] == message


def test_several_inputs_and_outputs_pass_between_builds(git_world: GitWorld) -> None:
    world = git_world
    spec = """
version: 0.2
phases:
  build:
    commands:
      - if [ -n "$CODEBUILD_SRC_DIR_Plan" ]; then cat "$CODEBUILD_SRC_DIR_Plan/plan.txt"; fi
      - cp settings.txt plan.txt && echo notes > notes.txt
artifacts:
  secondary-artifacts:
    Plan: {files: [plan.txt]}
    Notes: {files: [notes.txt]}
"""
    world.checkout.push("Two outputs", {"buildspec.yml": spec})
    outputs = {"outputArtifacts": [{"name": "Plan"}, {"name": "Notes"}]}
    second = world.build(
        name="Second",
        inputArtifacts=[{"name": "Plan"}, {"name": "Code"}],
        outputArtifacts=[],
        namespace="Second",
        configuration={"ProjectName": world.name, "PrimarySource": "Code"},
        runOrder=2,
    )
    world.aws("codepipeline").create_pipeline(
        pipeline=world.definition([world.build(**outputs), second])
    )
    commit = world.checkout.git("rev-parse", "HEAD")
    execution = world.run_of(commit, "Succeeded", "Failed")
    actions = world.actions(execution["pipelineExecutionId"])
    assert execution["status"] == "Succeeded", {n: a["output"] for n, a in actions.items()}
    assert [o["name"] for o in actions["Build"]["output"]["outputArtifacts"]] == ["Plan", "Notes"]


def test_a_failed_test_of_a_report_is_named(git_world: GitWorld) -> None:
    world = git_world
    spec = """
version: 0.2
phases:
  build:
    commands:
      - cp junit.xml.in junit.xml
      - "false"
reports:
  tests:
    files: [junit.xml]
"""
    report = (
        '<testsuite name="gates" tests="1" failures="1"><testcase classname="gates" name="test_gate">'
        '<failure message="0.5 is below 0.8"/></testcase></testsuite>'
    )
    world.checkout.push("Fail", {"buildspec.yml": spec, "junit.xml.in": report})
    world.aws("codepipeline").create_pipeline(
        pipeline=world.definition([world.build(outputArtifacts=[])])
    )
    execution = world.run_of(world.checkout.git("rev-parse", "HEAD"), "Failed")
    result = world.actions(execution["pipelineExecutionId"])["Build"]["output"]["executionResult"]
    message = result["errorDetails"]["message"]
    assert message.startswith("Build terminated with state: FAILED. Phase: BUILD")
    assert message.endswith("Failed tests: test_gate")


@pytest.mark.parametrize("provider", ["CodeStarSourceConnection", "CodeCommit"])
def test_a_build_clones_the_repository(git_world: GitWorld, provider: str) -> None:
    """With a full clone, the build has the history; a rule on CodeCommit's events starts the pipeline."""
    world = git_world
    spec = """
version: 0.2
env:
  exported-variables: [SUMMARY]
phases:
  build:
    commands:
      - SUMMARY="$(git rev-list --count HEAD) $(git rev-parse HEAD)"
"""
    definition = world.definition([world.build(outputArtifacts=[])])
    source = definition["stages"][0]["actions"][0]
    source["configuration"]["OutputArtifactFormat"] = "CODEBUILD_CLONE_REF"
    if provider == "CodeCommit":
        arn = world.add_codecommit(spec)
        source["actionTypeId"] = kind("Source", provider)
        source["configuration"] = {
            "RepositoryName": world.name,
            "BranchName": "main",
            "PollForSourceChanges": "false",
            "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
        }
    world.aws("codepipeline").create_pipeline(pipeline=definition)
    if provider == "CodeCommit":
        rule = world.start_on_events("CodeCommit Repository State Change", arn)
        trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": rule}
        commit = world.put_file("README.md", "words")
    else:
        trigger = {"triggerType": "WebhookV2", "triggerDetail": world.connection}
        commit = world.checkout.push("Clone", {"buildspec.yml": spec})
    execution = world.run_of(commit, "Succeeded", "Failed")
    build = world.actions(execution["pipelineExecutionId"])["Build"]["output"]
    assert execution["trigger"] == trigger
    assert execution["status"] == "Succeeded", build
    assert build["outputVariables"] == {"SUMMARY": f"2 {commit}"}


def test_tags_and_pull_requests_start_the_pipeline(git_world: GitWorld, localaws: LocalAws) -> None:
    world = git_world
    filters = {
        "push": [{"tags": {"includes": ["v*"]}}],
        "pullRequest": [{"events": ["OPEN"], "branches": {"includes": ["main"]}}],
    }
    world.aws("codepipeline").create_pipeline(
        pipeline=world.definition(
            [approval("Approve", CustomData="#{Source.BranchName}")],
            triggers=[trigger(**filters)],
            executionMode="PARALLEL",
        )
    )
    world.checkout.push("Starts nothing", {"settings.txt": "fine indeed"})
    commit = world.checkout.git("rev-parse", "HEAD")
    world.checkout.git("push", "-q", "origin", "HEAD:refs/tags/v1", "HEAD:refs/tags/other")
    proposed = world.checkout.push("Proposed", {"settings.txt": "better"}, branch="proposal")
    pull_request = {"repository": world.repository, "head": "proposal", "title": "Better"}
    request(localaws.endpoint_url, "pull-requests/open", region=REGION, **pull_request)

    def started() -> dict[str, str] | None:
        names = {}
        for execution in world.executions():
            actions = world.actions(execution["pipelineExecutionId"])
            if "Approve" in actions and execution["trigger"]["triggerType"] == "WebhookV2":
                name = actions["Approve"]["input"]["resolvedConfiguration"]["CustomData"]
                names[name] = actions["Git"]["output"]["outputVariables"]["CommitId"]
        return names if len(names) >= 2 else None

    assert eventually(started) == {"v1": commit, "proposal": proposed}
