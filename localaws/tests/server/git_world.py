"""A repository behind a connection, its checkout, and a CodeBuild project, for tests of pipelines."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from localaws.services.git.client import connect
from localaws.testing import REGION, LocalAws
from server.pipeline_world import Aws, World, kind, role
from waiting import eventually

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
    """A working tree. Its Git has no settings of the machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")

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
        self.git("commit", "-q", "--allow-empty", "-m", message)
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
        self.checkout.commit("Start", {"buildspec.yml": BUILDSPEC, "settings.txt": "fine"})
        self.connection = aws("codeconnections").create_connection(
            ProviderType="GitHub", ConnectionName=self.name
        )["ConnectionArn"]
        connect(
            server.endpoint_url,
            self.connection,
            self.repository,
            region=REGION,
            source=self.checkout.path,
        )
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

    def add_codecommit(self, buildspec: str) -> str:
        """A repository of CodeCommit with the pipeline's name and one commit; its ARN."""
        client = self.aws("codecommit")
        arn: str = client.create_repository(repositoryName=self.name)["repositoryMetadata"]["Arn"]
        client.put_file(
            repositoryName=self.name,
            branchName="main",
            filePath="buildspec.yml",
            fileContent=buildspec.encode(),
        )
        return arn

    def put_file(self, path: str, content: str) -> str:
        """Change a file in CodeCommit; the commit."""
        client = self.aws("codecommit")
        tip = client.get_branch(repositoryName=self.name, branchName="main")["branch"]["commitId"]
        commit: str = client.put_file(
            repositoryName=self.name,
            branchName="main",
            filePath=path,
            fileContent=content.encode(),
            parentCommitId=tip,
        )["commitId"]
        return commit

    def start_on_events(self, detail_type: str, resource: str) -> str:
        """A rule on the default bus that starts the pipeline; its ARN."""
        events = self.aws("events")
        pattern = {"detail-type": [detail_type], "resources": [resource]}
        arn: str = events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))["RuleArn"]
        target = {
            "Id": "pipeline",
            "Arn": f"arn:aws:codepipeline:eu-west-1:123456789012:{self.name}",
            "RoleArn": role(self.aws, f"{self.name}-events", "events.amazonaws.com"),
        }
        events.put_targets(Rule=self.name, Targets=[target])
        return arn

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

        execution: dict[str, Any] = eventually(ended, 60)
        return execution
