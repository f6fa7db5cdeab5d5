"""The main job from the shipped scripts, as a person would type them, on a localaws of its own.

The tests build on each other, in this order: a deployment takes half a minute.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from python_terraform import IsFlagged, Terraform

from landing_zone.commands.local import local_environment
from landing_zone.core.names import Names
from landing_zone.core.settings import load_settings
from landing_zone.stack.terraform import make_terraform

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deployment-scripts"
PIPELINE = "ml-core-development-ml-pipeline"
OVER = {"Succeeded", "Failed", "Stopped", "Cancelled", "Superseded"}
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("main_job")]


@dataclass
class Landing:
    """A localaws, and how to run a script against it."""

    environment: dict[str, str]
    state_dir: Path
    clients: dict[str, Any] = field(default_factory=dict)

    def script(
        self, name: str, *arguments: str, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of deployment-scripts/ with these settings on top."""
        program = "bash" if name.endswith(".sh") else sys.executable
        return subprocess.run(
            [program, str(SCRIPTS / name), *arguments],
            cwd=ROOT, env={**self.environment, **settings}, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip

    def succeed(self, name: str, *arguments: str, **settings: str) -> str:
        """The same, for a script that must not fail; returns what it printed."""
        done = self.script(name, *arguments, **settings)
        assert done.returncode == 0, f"{name} {arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.environment["AWS_ENDPOINT_URL"],
                region_name="eu-west-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self.clients[service]

    def status(self, run_id: str) -> str:
        answer = self.client("codepipeline").get_pipeline_execution(
            pipelineName=PIPELINE, pipelineExecutionId=run_id
        )
        return str(answer["pipelineExecution"]["status"])

    def tries(self, run_id: str) -> list[dict[str, Any]]:
        """Every try of every action of a run, oldest first."""
        answer = self.client("codepipeline").list_action_executions(
            pipelineName=PIPELINE, filter={"pipelineExecutionId": run_id}
        )
        return sorted(answer["actionExecutionDetails"], key=lambda item: item["startTime"])

    def executions(self) -> list[dict[str, Any]]:
        answer = self.client("codepipeline").list_pipeline_executions(pipelineName=PIPELINE)
        return list(answer["pipelineExecutionSummaries"])

    def image_of_the_last_model(self) -> str:
        """The image that serves the newest model."""
        sagemaker = self.client("sagemaker")
        newest = sagemaker.list_models(SortBy="CreationTime", SortOrder="Descending")["Models"][0]
        return str(
            sagemaker.describe_model(ModelName=newest["ModelName"])["PrimaryContainer"]["Image"]
        )

    @property
    def pid(self) -> int:
        return int(json.loads((self.state_dir / "localaws.json").read_text())["pid"])


def wait_until(what: str, condition: Callable[[], Any], seconds: float = 90) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


def run_id_in(output: str) -> str:
    found = re.search(r"\brun ([0-9a-f]{8}-[0-9a-f-]{27})\b", output)
    assert found, output
    return found[1]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landing]:
    """`make local` of housing in our own image; `make local-down` at the end, whatever happened."""
    state_dir = tmp_path_factory.mktemp("main_job") / "localaws"
    names = (
        "SERVICE",
        "BUILD_STAGE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "STATE_BUCKET",
        "DATA",
        "APPROVE",
    )
    clean = {key: value for key, value in os.environ.items() if key not in names}
    clean |= {"LOCALAWS_PORT": "0", "LOCALAWS_STATE_DIR": str(state_dir), "IMAGE_TAG": "local"}
    made = Landing({**local_environment(clean), "LOCALAWS_PORT": "0"}, state_dir)
    try:
        output = made.succeed(
            "local.py", "up", USE_CASE="housing", ENDPOINT_TYPE="SageMakerEndpoint"
        )
        record = json.loads((state_dir / "localaws.json").read_text())
        made.environment |= {"AWS_ENDPOINT_URL": record["endpoint_url"], "FIRST_OUTPUT": output}
        yield made
    finally:
        made.script("local.py", "down")


def test_a_clone_ends_with_metrics_and_three_predictions(landing: Landing) -> None:
    output = landing.environment["FIRST_OUTPUT"]

    assert re.search(r"gate +r2 0\.\d+ >= 0\.8 on \d+ held-out rows", output), output
    predictions = [float(number) for number in re.findall(r"predicted ([0-9.]+) +actual", output)]
    assert len(predictions) == 3
    assert all(0 < prediction < 1.2 for prediction in predictions)
    assert landing.image_of_the_last_model().endswith("/ml-core-development-workflow:local")
    for step in ("localaws", "quick-deploy", "run", "total"):
        assert re.search(rf"^  {step} +[0-9.]+ s$", output, re.MULTILINE), step


def test_the_plan_after_the_apply_changes_nothing(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = landing.environment
    stack = make_terraform(Names(load_settings(environ), "123456789012"), environ)
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    terraform = Terraform(working_dir=str(ROOT / "infra"), terraform_bin_path=stack.program)

    code, output, error = terraform.plan(no_color=IsFlagged, var_file=str(stack.variables_file))

    assert code == 0, f"{output}\n{error}"  # 2: there are changes
    assert "No changes." in output


def test_a_second_deploy_changes_nothing(landing: Landing) -> None:
    before = landing.executions()

    output = landing.succeed(
        "quick-deploy.sh", "--yes", USE_CASE="housing", ENDPOINT_TYPE="SageMakerEndpoint"
    )

    assert "No changes." in output
    assert "nothing uploaded, no run started" in output
    assert landing.executions() == before


def test_batch_in_the_prebuilt_image_on_the_same_deployment(landing: Landing) -> None:
    output = landing.succeed("run.py", USE_CASE="iris", ENDPOINT_TYPE="Batch", IMAGE_TAG="prebuilt")

    assert landing.image_of_the_last_model().split("/")[1].startswith("sagemaker-scikit-learn:")
    species = re.findall(r"^  (\w+)$", output.split("first lines:")[1], re.MULTILINE)
    assert len(species) == 3
    assert set(species) <= {"setosa", "versicolor", "virginica"}


BAD_FILES: dict[str, tuple[Callable[[list[dict[str, str]]], None], tuple[str, ...]]] = {
    "missing column": (lambda rows: [row.pop("petal_width") for row in rows], ("petal_width",)),
    "text in a number": (
        lambda rows: rows[4].update(sepal_length="about five"),
        ("sepal_length", "about five", "number"),
    ),
    "empty target": (lambda rows: rows[7].update(variety=""), ("variety", "1 ", "setosa")),
    "out of range": (
        lambda rows: [row.update(petal_length="99") for row in rows[:3]],
        ("petal_length", "3 ", "99", "30"),
    ),
    "empty": (lambda rows: rows.clear(), ("row",)),
}


def test_bad_data_is_refused_by_name_and_mended_data_finishes_the_same_run(
    landing: Landing, tmp_path: Path
) -> None:
    good = ROOT / "sample-files/iris.csv"
    run_id = ""
    for case, (spoil, expected) in BAD_FILES.items():
        with good.open(newline="") as file:
            rows = list(csv.DictReader(file))
        header = list(rows[0])
        spoil(rows)
        bad = tmp_path / "iris.csv"
        with bad.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else header)
            writer.writeheader()
            writer.writerows(rows)
        if not run_id:
            done = landing.script("run.py", USE_CASE="iris", ENDPOINT_TYPE="Batch", DATA=str(bad))
            run_id = run_id_in(done.stdout)
        else:
            landing.succeed("upload_data.py", str(bad), "--run", run_id)
            done = landing.script("retry_run.py", "--run", run_id, "--follow")
        assert done.returncode == 1, f"{case}\n{done.stdout}"
        assert "InvokeMLStepFunction" in done.stderr
        message = landing.tries(run_id)[-1]["output"]["executionResult"]["errorDetails"]["message"]
        for text in expected:
            assert text in message, f"{case}: {text!r} is not in {message!r}"
        assert message in done.stderr

    landing.succeed("upload_data.py", "--run", run_id)  # the sample
    landing.succeed("retry_run.py", "--run", run_id)
    output = landing.succeed("run.py", "--run", run_id)

    assert "batch output" in output
    assert landing.status(run_id) == "Succeeded"


def test_a_killed_job_fails_with_its_exit_code_and_the_stage_can_be_retried(
    landing: Landing,
) -> None:
    run_id = run_id_in(landing.succeed("start_run.py", USE_CASE="iris", ENDPOINT_TYPE="Batch"))
    wait_until("the run waits for data", lambda: _waits_for(landing, run_id, "UploadSourceData"))
    landing.succeed("upload_data.py", "--run", run_id)
    approved = landing.succeed("approve.py", "--run", run_id, "--yes", "--summary", "the sample")
    assert "iris.csv" in approved

    job = wait_until("the training job runs", lambda: _job_process(landing, "iris-train-"))
    job.kill()
    wait_until("the run fails", lambda: landing.status(run_id) == "Failed")

    message = landing.tries(run_id)[-1]["output"]["executionResult"]["errorDetails"]["message"]
    assert "exit code: 137" in message
    landing.succeed("retry_run.py", "--run", run_id)
    landing.succeed("run.py", "--run", run_id)
    names = [
        item["TrainingJobName"]
        for item in landing.client("sagemaker").list_training_jobs(MaxResults=2)[
            "TrainingJobSummaries"
        ]
    ]
    assert len(set(names)) == 2  # the retried stage's job has a name of its own


def test_two_runs_started_together_finish_in_their_order(landing: Landing) -> None:
    first, second = (
        run_id_in(landing.succeed("start_run.py", USE_CASE="iris", ENDPOINT_TYPE="Batch"))
        for _ in range(2)
    )

    for run_id in (first, second):
        landing.succeed("run.py", "--run", run_id)

    assert {landing.status(first), landing.status(second)} == {"Succeeded"}
    stage = [
        [item for item in landing.tries(run_id) if item["stageName"] == "MachineLearningStage"]
        for run_id in (first, second)
    ]
    # QUEUED: a stage belongs to one run at a time, in the order of their starts.
    assert stage[0][-1]["lastUpdateTime"] <= stage[1][0]["startTime"]


def test_a_rejected_model_is_not_deployed(landing: Landing) -> None:
    run_id = run_id_in(landing.succeed("start_run.py", USE_CASE="iris", ENDPOINT_TYPE="Batch"))
    wait_until("the run waits for data", lambda: _waits_for(landing, run_id, "UploadSourceData"))
    landing.succeed("upload_data.py", "--run", run_id)
    landing.succeed("approve.py", "UploadSourceData", "--run", run_id, "--yes")
    wait_until("the run waits for a judgement", lambda: _waits_for(landing, run_id, "ApproveModel"))

    output = landing.succeed("reject.py", "--run", run_id, "--yes", "--summary", "not this one")

    assert re.search(r"gate +accuracy 0\.\d+ >= 0\.9", output), output
    wait_until("the run ends", lambda: landing.status(run_id) == "Failed")
    shown = landing.succeed("status.py", "--run", run_id, "--once")
    assert "not this one" in shown
    assert "InferenceStage" not in shown


def test_destroy_leaves_nothing(landing: Landing) -> None:
    server = psutil.Process(landing.pid)
    processes = [server, *server.children(recursive=True)]
    assert len(processes) > 1  # the endpoint serves until here

    landing.succeed("quick-destroy.sh", "--yes", "--quiet")

    assert left_over(landing) == {}
    landing.succeed("local.py", "down")
    assert [process for process in processes if _is_alive(process)] == []
    assert not landing.state_dir.exists()


def left_over(landing: Landing) -> dict[str, list[Any]]:
    """Everything that a deployment or a run makes, by what lists it."""
    listed = {
        "s3": landing.client("s3").list_buckets()["Buckets"],
        "iam": landing.client("iam").list_roles()["Roles"],
        "policies": landing.client("iam").list_policies(Scope="Local")["Policies"],
        "lambda": landing.client("lambda").list_functions()["Functions"],
        "ssm": landing.client("ssm").describe_parameters()["Parameters"],
        "sns": landing.client("sns").list_topics()["Topics"],
        "rules": landing.client("events").list_rules()["Rules"],
        "alarms": landing.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "logs": landing.client("logs").describe_log_groups()["logGroups"],
        "ecr": landing.client("ecr").describe_repositories()["repositories"],
        "pipelines": landing.client("codepipeline").list_pipelines()["pipelines"],
        "machines": landing.client("stepfunctions").list_state_machines()["stateMachines"],
        "models": landing.client("sagemaker").list_models()["Models"],
        "endpoints": landing.client("sagemaker").list_endpoints()["Endpoints"],
        "configs": landing.client("sagemaker").list_endpoint_configs()["EndpointConfigs"],
        "packages": landing.client("sagemaker").list_model_package_groups()[
            "ModelPackageGroupSummaryList"
        ],
        "aliases": [
            alias
            for alias in landing.client("kms").list_aliases()["Aliases"]
            if not alias["AliasName"].startswith("alias/aws/")
        ],
        # AWS deletes a key after a waiting time only; until then it is unusable.
        "keys": [
            key["KeyId"]
            for key in landing.client("kms").list_keys()["Keys"]
            if landing.client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
            != "PendingDeletion"
        ],
    }
    return {name: found for name, found in listed.items() if found}


def _waits_for(landing: Landing, run_id: str, approval: str) -> bool:
    state = landing.client("codepipeline").get_pipeline_state(name=PIPELINE)
    return any(
        action["actionName"] == approval and action.get("latestExecution", {}).get("token")
        for stage in state["stageStates"]
        if stage.get("latestExecution", {}).get("pipelineExecutionId") == run_id
        for action in stage["actionStates"]
    )


def _job_process(landing: Landing, prefix: str) -> psutil.Process | None:
    """The process of a running job, found by the name that the container contract gives it."""
    for process in psutil.Process(landing.pid).children(recursive=True):
        try:
            # Before its own program runs, the process makes its private /opt/ml.
            has_begun = process.name().startswith("python")
            if has_begun and process.environ().get("TRAINING_JOB_NAME", "").startswith(prefix):
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process runs: one that has ended may stand in the table until its parent asks."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
