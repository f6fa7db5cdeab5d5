"""A push by Git starts a pipeline whose CodeBuild actions run real builds."""

from __future__ import annotations

import io
import json
import os
import subprocess
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from localaws.testing import LocalAws
from server.pipeline_world import Aws, World, approval, kind, role, wait_for

BUILDSPEC = """
version: 0.2
env:
  exported-variables: [SUMMARY, VERSION]
phases:
  build:
    commands:
      - SUMMARY="$GREETING from $(cat settings.txt)"
      - VERSION="$CODEBUILD_RESOLVED_SOURCE_VERSION"
      - grep -q fine settings.txt
      - mkdir out && cp settings.txt out/plan.txt
artifacts:
  base-directory: out
  files: ["**/*"]
"""


class Checkout:
    """A working tree with the pipeline's code."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")
        self.commit("Start", {"buildspec.yml": BUILDSPEC, "settings.txt": "fine"})

    def git(self, *arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "NO_PROXY": "127.0.0.1",
            **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "ada@example.com" for who in ("AUTHOR", "COMMITTER")},
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message: str, files: dict[str, str]) -> str:
        for name, content in files.items():
            (self.path / name).write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push(self, message: str, files: dict[str, str], branch: str = "main") -> str:
        commit = self.commit(message, files)
        self.git("push", "-q", "origin", f"HEAD:{branch}")
        return commit


class GitWorld(World):
    """A connected repository and a CodeBuild project besides what every pipeline needs."""

    def __init__(self, aws: Aws, server: LocalAws, folder: Path) -> None:
        super().__init__(aws)
        self.repository = f"octo/{self.name}"
        self.checkout = Checkout(folder / "checkout")
        self.connection = aws("codeconnections").create_connection(
            ProviderType="GitHub", ConnectionName=self.name
        )["ConnectionArn"]
        self.connect(server)
        self.checkout.git("remote", "add", "origin", f"{server.endpoint_url}/{self.repository}.git")
        aws("codebuild").create_project(
            name=self.name,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=role(aws, f"{self.name}-build", "codebuild.amazonaws.com"),
        )

    def connect(self, server: LocalAws) -> None:
        document = {
            "region": "eu-west-1",
            "connection": self.connection,
            "repository": self.repository,
            "source": str(self.checkout.path),
        }
        request = urllib.request.Request(
            f"{server.endpoint_url}/_git/connect",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200

    def definition(self, *stages: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
        definition = self.declaration(*stages, **members)
        definition["stages"][0]["actions"] = [
            {
                "name": "Git",
                "actionTypeId": kind("Source", "CodeStarSourceConnection"),
                "configuration": {
                    "ConnectionArn": self.connection,
                    "FullRepositoryId": self.repository,
                    "BranchName": "main",
                },
                "outputArtifacts": [{"name": "Code"}],
                "namespace": "Source",
            }
        ]
        return definition

    def build(self, **members: Any) -> dict[str, Any]:
        variables = [{"name": "GREETING", "value": "#{Source.CommitMessage}", "type": "PLAINTEXT"}]
        return {
            "name": "Build",
            "actionTypeId": kind("Build", "CodeBuild"),
            "configuration": {
                "ProjectName": self.name,
                "EnvironmentVariables": json.dumps(variables),
            },
            "inputArtifacts": [{"name": "Code"}],
            "outputArtifacts": [{"name": "Plan"}],
            "namespace": "Build",
            **members,
        }

    def executions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.aws("codepipeline").list_pipeline_executions(
            pipelineName=self.name
        )["pipelineExecutionSummaries"]
        return found

    def run_of(self, commit: str, *ends: str) -> dict[str, Any]:
        """The execution for a commit, once it has ended."""

        def ended() -> dict[str, Any] | None:
            for execution in self.executions():
                revisions = {r["revisionId"] for r in execution.get("sourceRevisions", [])}
                if commit in revisions and execution["status"] in ends:
                    return execution
            return None

        execution: dict[str, Any] = wait_for(ended, 60)
        return execution


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

    found = wait_for(waiting, 60)
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
