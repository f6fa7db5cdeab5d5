"""The pipeline of cicd/ on a localaws of its own: what a push deploys, what stops it, what a removal leaves.

The tests build on each other, in this order. Together they take more than ten minutes, so they run only with
DELIVERY=1.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from landing_zone.commands.local import LocalAws, local_environment
from landing_zone.commands.local_gitops import REPOSITORY, gitops_environment
from landing_zone.core.deployment import Deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import MANIFEST_KEY, Names
from landing_zone.core.settings import ROOT, load_settings
from landing_zone.delivery.follow import Delivery
from landing_zone.delivery.names import CicdNames
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.run import Run
from tests.local.landing import PIPELINE as ML_PIPELINE
from tests.local.landing import Landing, left_over, wait_until

ACCOUNT = "123456789012"
BRANCH = "development"
TESTS = "tests/unit/config/test_use_cases.py"
HYPERPARAMETER = ("learning_rate: 0.08", "learning_rate: 0.09")
# Of a run up to its approval on a busy machine.
LONGEST_SECONDS = 400
# The stages in which something of infra/ is planned or applied.
OF_INFRASTRUCTURE = {"Plan", "Approve", "Apply", "Verify"}
IGNORED = (
    "SERVICE", "BUILD_STAGE", "AWS_REGION", "AWS_DEFAULT_REGION", "STATE_BUCKET", "DATA", "APPROVE",
    "USE_CASE", "ENDPOINT_TYPE", "IMAGE_TAG", "IMAGE", "BRANCH", "CONNECTION_ARN",
)  # fmt: skip
pytestmark = [
    pytest.mark.delivery,
    pytest.mark.xdist_group("delivery"),
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        os.environ.get("DELIVERY") != "1", reason="delivers six commits for minutes: DELIVERY=1"
    ),
]


@dataclass
class Team:
    """A clone of the repository whose commits are deployed, and what they start."""

    landing: Landing
    clone: Path
    runs: list[Run] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)

    @property
    def names(self) -> Names:
        return Names(load_settings(self.landing.environment), ACCOUNT)

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.landing, CicdNames(self.names), self.names.settings)

    @property
    def pipeline(self) -> Pipeline:
        """Only its name is needed of a deployment."""
        return Pipeline(self.landing, Deployment(self.delivery.name, "", "", ""))

    def commit(self, message: str) -> str:
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--message", message)
        return git(self.clone, "rev-parse", "HEAD")

    def push(self, message: str) -> str:
        """Commit and push; return the run that it starts."""
        known = self.delivery.executions()
        self.commits.append(self.commit(message))
        url = f"{self.landing.environment['AWS_ENDPOINT_URL']}/{REPOSITORY}.git"
        git(self.clone, "push", "--quiet", url, f"HEAD:refs/heads/{BRANCH}")
        return self.delivery.wait_for_start(known, self.commits[-1])

    def deliver(self, message: str) -> Run:
        """Commit, push, follow the run to its successful end."""
        return self.follow(self.push(message))

    def follow(self, execution: str) -> Run:
        self.runs.append(self.delivery.follow(execution, approve=True, commit=self.commits[-1]))
        return self.runs[-1]

    def refused(self, execution: str) -> str:
        """Follow a run that has to fail; return what the person reads."""
        with pytest.raises(OperatorError) as raised:
            self.follow(execution)
        return str(raised.value)

    def status_of_stages(self, run: Run) -> dict[str, str]:
        return {action.stage: action.status for action in run.actions}

    def change(self, name: str, old: str, new: str) -> None:
        file = self.clone / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this checkout as the first commit of a repository."""
    folder = tmp_path_factory.mktemp("clone")
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    git(folder, "init", "--quiet", "--initial-branch", BRANCH)
    git(folder, "config", "user.name", "Team")
    git(folder, "config", "user.email", "team@example.com")
    return folder


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, clone: Path) -> Iterator[Team]:
    """The pipeline, deployed; nothing is pushed yet."""
    state_dir = tmp_path_factory.mktemp("delivery") / "localaws"
    clean = {key: value for key, value in os.environ.items() if key not in IGNORED}
    clean |= {"LOCALAWS_STATE_DIR": str(state_dir), "LOCALAWS_PORT": "0", "TEST_PATHS": TESTS}
    environment = {**local_environment(gitops_environment(clean)), "LOCALAWS_PORT": "0"}
    environment["AWS_REGION"] = "eu-west-1"
    localaws = LocalAws(environment)
    landing = Landing(environment, state_dir)
    try:
        localaws.start()
        environment["AWS_ENDPOINT_URL"] = localaws.status()["endpoint_url"]
        landing.succeed("deploy-codepipeline.sh", "--yes", "--quiet", "--no-wait")
        names = CicdNames(Names(load_settings(environment), ACCOUNT))
        connect(landing, names.connection)
        yield Team(landing, clone)
    finally:
        localaws.stop()
        localaws.clean()


def connect(landing: Landing, connection: str) -> None:
    """What a person does once in the console of AWS."""
    done = subprocess.run(
        [sys.executable, "-m", "localaws", "connect", connection, REPOSITORY, "--region", "eu-west-1"],
        env=landing.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def ml_run_of(team: Team, commit: str) -> dict[str, Any]:
    """The manifest with which a commit has started the ML pipeline."""
    client, bucket = team.landing.client, team.names.of("source_bucket")

    def find() -> dict[str, Any] | None:
        for item in team.landing.executions():
            for revision in item["sourceRevisions"]:
                # Of an object in S3 it is the version.
                version = revision["revisionId"]
                found = client("s3").get_object(Bucket=bucket, Key=MANIFEST_KEY, VersionId=version)
                manifest: dict[str, Any] = json.loads(found["Body"].read())
                if manifest["GitCommit"] == commit:
                    return manifest
        return None

    manifest: dict[str, Any] = wait_until(f"{ML_PIPELINE} runs with {commit}", find)
    return manifest


def test_the_first_push_deploys_everything_and_starts_the_ml_pipeline(team: Team) -> None:
    run = team.deliver("Deploy the landing zone")

    assert set(team.status_of_stages(run).values()) == {"Succeeded"}
    assert re.search(r"[1-9]\d to add, 0 to change", team.delivery.summary(run.id))
    assert re.fullmatch("[0-9a-f]{12}", ml_run_of(team, team.commits[-1])["CodeVersion"])


def test_an_apply_that_was_killed_is_finished_by_a_retry(team: Team) -> None:
    tags = 'tags = { CostCentre = "models" }\n'
    file = team.clone / "config/environments/development.tfvars"
    file.write_text(file.read_text(encoding="utf-8") + tags, encoding="utf-8")
    # Without an image of its own, a commit that changes the infrastructure alone trains nothing.
    team.change("config/use_cases/housing.yaml", *HYPERPARAMETER)
    execution = team.push("Name the cost centre")
    approve(team, execution)
    lock = wait_until("the apply has recorded its lock", lambda: recorded_lock(team), 200)
    kill_build(team, "cicd-apply-apply")
    message = team.refused(execution)

    assert "failed in Apply / Apply" in message
    assert lock_of_the_state(team) == lock
    team.landing.client("codepipeline").retry_stage_execution(
        pipelineName=team.delivery.name, stageName="Apply", pipelineExecutionId=execution,
        retryMode="FAILED_ACTIONS",
    )  # fmt: skip
    wait_until("the run goes on", lambda: team.pipeline.read(execution).status == "InProgress")
    run = team.follow(execution)

    assert set(team.status_of_stages(run).values()) == {"Succeeded"}
    log = "\n".join(team.delivery.log(execution, "Apply"))
    assert re.search(rf"is locked by \S+@\S+ since .*lock {lock}", log)
    assert f"(execution {execution}) has ended as FAILED" in log
    assert lock_of_the_state(team) is None
    bucket = team.names.of("source_bucket")
    found = team.landing.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert {"Key": "CostCentre", "Value": "models"} in found
    assert ml_run_of(team, team.commits[-1])["GitCommit"] == team.commits[-1]


def test_a_stale_plan_is_not_applied(team: Team, tmp_path: Path) -> None:
    """The plan of the run before: its own apply has changed the state since."""
    run, commit = team.runs[-1], team.commits[-1]
    plan = next(action for action in run.actions if action.name == "Plan").outputs["SavedPlan"]
    archive = tmp_path / "plan.zip"
    archive.write_bytes(team.landing.read(f"s3://{plan[0]}/{plan[1]}"))
    shutil.unpack_archive(archive, tmp_path / "plan")

    done = subprocess.run(
        [sys.executable, "deployment-scripts/ci.py", "apply", "--plan", str(tmp_path / "plan")],
        cwd=team.clone, env={**team.landing.environment, "GIT_COMMIT": commit},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout
    assert f"the plan of commit {commit} is stale" in done.stderr
    assert (
        "aws codepipeline start-pipeline-execution --name ml-core-development-cicd-pipeline"
        in done.stderr
    )
    assert lock_of_the_state(team) is None


def test_a_push_of_job_code_plans_nothing(team: Team) -> None:
    manifest = f"s3://{team.names.of('source_bucket')}/{MANIFEST_KEY}"
    before = json.loads(team.landing.read(manifest))
    with (team.clone / "workflow/train.py").open("a", encoding="utf-8") as file:
        file.write("# A change of the job code.\n")

    run = team.deliver("Change the job code")

    stages = team.status_of_stages(run)
    assert {name for name, status in stages.items() if status != "Succeeded"} == OF_INFRASTRUCTURE
    after = ml_run_of(team, team.commits[-1])
    assert after["CodeVersion"] != before["CodeVersion"]


def test_the_policy_stops_the_rename_of_a_bucket_before_the_approval(team: Team) -> None:
    team.change("infra/modules/storage/main.tf", "-${each.key}-bucket", "-${each.key}-data")

    execution = team.push("Rename the buckets")
    message = team.refused(execution)

    assert "failed in Plan / Plan" in message
    assert "the policy refuses this plan, so nobody is asked to approve it" in message
    assert 'destroy: module.storage.aws_s3_bucket.this["source"]' in message
    approvals = [a for a in attempts(team, execution) if a["actionName"] == "Approve"]
    assert approvals == []


def test_a_failing_test_stops_the_push_and_is_named(team: Team) -> None:
    git(team.clone, "revert", "--no-edit", "HEAD")
    team.change("config/use_cases/iris.yaml", "name: iris", "name: no_such_use_case")

    execution = team.push("Break a use case")
    message = team.refused(execution)

    assert "failed in Check / Test" in message
    # The message of the action itself, which CodePipeline shows.
    (test,) = [a for a in attempts(team, execution) if a["actionName"] == "Test"]
    details = test["output"]["executionResult"]["errorDetails"]["message"]
    assert "test_a_shipped_use_case_is_complete[iris]" in details
    assert details in message
    assert "Image" not in {a["actionName"] for a in attempts(team, execution)}


def attempts(team: Team, execution: str) -> list[dict[str, Any]]:
    answer = team.landing.client("codepipeline").list_action_executions(
        pipelineName=team.delivery.name, filter={"pipelineExecutionId": execution}
    )
    return list(answer["actionExecutionDetails"])


def approve(team: Team, execution: str) -> None:
    """Answer the approval of a run when it asks."""
    waiting = wait_until(
        "the approval waits", lambda: team.pipeline.read(execution).waiting, LONGEST_SECONDS
    )
    team.pipeline.answer(waiting, approved=True, summary="a test")


def state_object(team: Team, suffix: str) -> dict[str, Any] | None:
    """A JSON object beside the state of infra/."""
    s3 = team.landing.client("s3")
    try:
        found = s3.get_object(
            Bucket=team.names.state_bucket, Key=f"{team.names.settings.state_key}{suffix}"
        )
    except s3.exceptions.NoSuchKey:
        return None
    document: dict[str, Any] = json.loads(found["Body"].read())
    return document


def lock_of_the_state(team: Team) -> str | None:
    lock = state_object(team, ".tflock")
    return lock["ID"] if lock else None


def recorded_lock(team: Team) -> str | None:
    """The lock of the state, once the step apply has recorded that it is its own."""
    lock, record = lock_of_the_state(team), state_object(team, ".holder")
    return lock if lock and record and record["lock"] == lock else None


def kill_build(team: Team, project: str) -> None:
    """End every process of a running build at once, as the loss of its machine would."""
    killed = 0
    for process in psutil.Process(team.landing.pid).children(recursive=True):
        try:
            build = process.environ().get("CODEBUILD_BUILD_ID", "")
            if project in build:
                process.kill()
                killed += 1
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    assert killed > 0


def left_of_the_pipelines(landing: Landing) -> dict[str, list[Any]]:
    """What remains of everything that cicd/ or a run of it makes, by kind."""
    codebuild = landing.client("codebuild")
    listed: dict[str, Callable[[], list[Any]]] = {
        "projects": lambda: codebuild.list_projects()["projects"],
        "builds": lambda: codebuild.list_builds()["ids"],
        "report groups": lambda: codebuild.list_report_groups()["reportGroups"],
        "reports": lambda: codebuild.list_reports()["reports"],
        "connections": lambda: landing.client("codeconnections").list_connections()["Connections"],
        "repositories": lambda: landing.client("codecommit").list_repositories()["repositories"],
    }
    found = {name: items() for name, items in listed.items()}
    return {**left_over(landing), **{name: items for name, items in found.items() if items}}


def test_a_push_to_codecommit_starts_its_pipeline(team: Team) -> None:
    """The pipeline of another environment, with a repository that it has not created."""
    codecommit, iam = team.landing.client("codecommit"), team.landing.client("iam")
    codecommit.create_repository(repositoryName="ml-core")
    settings = {
        "BUILD_STAGE": "staging",
        "SOURCE_PROVIDER": "codecommit",
        "FULL_REPOSITORY_ID": "ml-core",
    }
    team.landing.succeed("deploy-codepipeline.sh", "--yes", "--quiet", **settings)
    staging = load_settings({**team.landing.environment, **settings})
    delivery = Delivery(team.landing, CicdNames(Names(staging, ACCOUNT)), staging)
    known, commit = delivery.executions(), git(team.clone, "rev-parse", "HEAD")

    iam.create_user(UserName="ada")
    made = iam.create_service_specific_credential(
        UserName="ada", ServiceName="codecommit.amazonaws.com"
    )["ServiceSpecificCredential"]
    user, password = (quote(made[f"Service{part}"], safe="") for part in ("UserName", "Password"))
    address = team.landing.environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    git(
        team.clone, "push", "--quiet", f"http://{user}:{password}@{address}/v1/repos/ml-core",
        "HEAD:refs/heads/staging",
    )  # fmt: skip
    execution = delivery.wait_for_start(known, commit)

    def checked() -> list[str]:
        answer = team.landing.client("codepipeline").list_action_executions(
            pipelineName=delivery.name, filter={"pipelineExecutionId": execution}
        )
        return [a["status"] for a in answer["actionExecutionDetails"] if a["stageName"] == "Check"]

    wait_until("the commit is checked", checked)
    team.landing.succeed("destroy-codepipeline.sh", "--yes", "--quiet", **settings)
    codecommit.delete_repository(repositoryName="ml-core")


def test_destroy_leaves_nothing(team: Team) -> None:
    team.landing.succeed("quick-destroy.sh", "--yes", "--quiet")
    team.landing.succeed("destroy-codepipeline.sh", "--yes", "--quiet")

    assert left_of_the_pipelines(team.landing) == {}
