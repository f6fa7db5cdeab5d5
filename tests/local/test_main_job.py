"""The main job with the shipped scripts, as a person would run them, on a localaws of its own.

The tests build on each other, in this order: a deployment takes half a minute.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from python_terraform import IsFlagged, Terraform

from landing_zone.commands.local import LocalAws, local_environment
from landing_zone.core.deployment import expected_deployment
from landing_zone.core.names import MANIFEST_KEY, Names
from landing_zone.core.settings import ROOT, load_settings
from landing_zone.runs.pipeline import Pipeline
from landing_zone.stack.terraform import make_terraform
from localaws.services.iam.proof import prove
from localaws.services.iam.prove import read_recordings, read_unproven
from tests.local.console_story import tell
from tests.local.landing import (
    Landing,
    card_of,
    code_versions_in,
    denied,
    is_alive,
    job_process,
    left_over,
    recording,
    run_id_in,
    wait_until,
    waits_for,
)

SCRIPTS = ROOT / "deployment-scripts"
ACCOUNT = "123456789012"
PIPELINE = "ml-core-development-ml-pipeline"
OVER = {"Succeeded", "Failed", "Stopped", "Cancelled", "Superseded"}
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("main_job")]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landing]:
    """`make local` of housing in our own image; `make local-down` at the end, also after a failure."""
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
        localaws = LocalAws(made.environment)
        localaws.become_deployer()
        made.environment |= {**localaws.environment(), "FIRST_OUTPUT": output}
        yield made
    finally:
        made.script("local.py", "down")


def test_a_clone_ends_with_metrics_and_three_predictions(landing: Landing) -> None:
    output = landing.environment["FIRST_OUTPUT"]

    assert re.search(r"gate +r2 0\.\d+ >= 0\.8 on \d+ held-out rows", output), output
    predictions = re.findall(r"predicted ([0-9.]+) +actual", output)
    assert len(predictions) == 3
    assert all(0 < float(prediction) < 1.2 for prediction in predictions)
    through_the_api = re.findall(r"predicted ([0-9.]+) +by model version \d+, variant", output)
    assert list(map(float, through_the_api)) == pytest.approx(list(map(float, predictions)))
    assert landing.image_of_the_last_model().endswith("/ml-core-development-workflow:local")
    for step in ("localaws", "quick-deploy", "run", "total"):
        assert re.search(rf"^  {step} +[0-9.]+ s$", output, re.MULTILINE), step


def test_every_record_of_the_run_has_the_same_code_version(landing: Landing) -> None:
    names = Names(load_settings(landing.environment), ACCOUNT)
    source = f"s3://{names.of('source_bucket')}"
    pipeline = Pipeline(landing, expected_deployment(names))
    manifest = pipeline.manifest(pipeline.read(pipeline.latest()))
    version = manifest["CodeVersion"]
    package = landing.client("sagemaker").describe_model_package(
        ModelPackageName=manifest["ModelPackageArn"]
    )
    (container,) = package["InferenceSpecification"]["Containers"]
    evaluation = manifest["EvaluationOutputLocation"].rstrip("/")
    report = landing.read(f"{evaluation}/report.html").decode()
    folders = landing.client("s3").list_objects_v2(
        Bucket=names.of("source_bucket"), Prefix="code/", Delimiter="/"
    )["CommonPrefixes"]

    found = {
        "S3": [folder["Prefix"].split("/")[1] for folder in folders],
        "CODE_VERSION": [landing.read(f"{source}/code/{version}/CODE_VERSION").decode().strip()],
        "uploaded manifest": [json.loads(landing.read(f"{source}/{MANIFEST_KEY}"))["CodeVersion"]],
        "model.json": code_versions_in(card_of(landing.read(container["ModelDataUrl"]))),
        "evaluation.json": code_versions_in(
            json.loads(landing.read(f"{evaluation}/evaluation.json"))
        ),
        "report.html": re.findall(r"Code version</td><td>([^<]*)<", report),
        "registry": [package["CustomerMetadataProperties"]["CodeVersion"]],
    }
    assert re.fullmatch("[0-9a-f]{12}", version)
    assert found == {place: [version] for place in found}


def test_the_plan_after_the_apply_changes_nothing(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = landing.environment
    stack = make_terraform(Names(load_settings(environ), ACCOUNT), environ)
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


def test_bad_data_is_refused_and_corrected_data_finishes_the_same_run(
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
    wait_until("the run waits for data", lambda: waits_for(landing, run_id, "UploadSourceData"))
    landing.succeed("upload_data.py", "--run", run_id)
    approved = landing.succeed("approve.py", "--run", run_id, "--yes", "--summary", "the sample")
    assert "iris.csv" in approved

    job = wait_until("the training job runs", lambda: job_process(landing, "iris-train-"))
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


def test_a_person_runs_approves_and_predicts_in_a_browser(landing: Landing, tmp_path: Path) -> None:
    tell(landing.environment, tmp_path)


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
    wait_until("the run waits for data", lambda: waits_for(landing, run_id, "UploadSourceData"))
    landing.succeed("upload_data.py", "--run", run_id)
    landing.succeed("approve.py", "UploadSourceData", "--run", run_id, "--yes")
    wait_until("the run waits for a judgement", lambda: waits_for(landing, run_id, "ApproveModel"))

    output = landing.succeed("reject.py", "--run", run_id, "--yes", "--summary", "not this one")

    assert re.search(r"gate +accuracy 0\.\d+ >= 0\.9", output), output
    wait_until("the run ends", lambda: landing.status(run_id) == "Failed")
    shown = landing.succeed("status.py", "--run", run_id, "--once")
    assert "not this one" in shown
    assert "InferenceStage" not in shown


def test_every_part_of_the_deployed_policies_is_needed(landing: Landing) -> None:
    """`make prove-iam` with the policies that this deployment has."""
    recorded = read_recordings([ROOT / "tests/iam/recording.json"])
    table = read_unproven(ROOT / "tests/iam/unproven.toml")
    found = recording(landing).merged(recorded)

    survivors = [
        judged.atom
        for judged in prove(found, ["ml-core-development", "deployer-ml-core-development"])
        if judged.killed_by is None and not any(row.names(judged) for row in table)
    ]

    assert survivors == []


def test_destroy_leaves_nothing(landing: Landing) -> None:
    server = psutil.Process(landing.pid)
    processes = [server, *server.children(recursive=True)]
    assert len(processes) > 1  # the endpoint serves until here

    landing.succeed("quick-destroy.sh", "--yes", "--quiet")

    assert left_over(landing) == {}
    assert denied(landing) == []
    landing.succeed("local.py", "down")
    assert [process for process in processes if is_alive(process)] == []
    assert not landing.state_dir.exists()
