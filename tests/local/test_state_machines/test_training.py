"""The training state machine, run: with the repository's job code, and with jobs that fail."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.local.conftest import ROOT
from tests.local.test_state_machines.conftest import IMAGE, Machines

# Jobs that take no time; what they hand on is what the state machine needs.
PREPROCESS = "print('nothing to prepare')\n"
TRAIN = (
    "import os, pathlib\npathlib.Path(os.environ['SM_MODEL_DIR'], 'model').write_text('model')\n"
)
EVALUATE = """
import pathlib
folder = pathlib.Path("/opt/ml/processing/output/evaluation")
folder.joinpath("evaluation.json").write_text('''{report}''')
"""


def scripts(**changes: str) -> dict[str, str]:
    report = '{"gate": {"metric": "accuracy", "value": 0.5, "rows": 10}}'
    files = {
        "preprocess.py": "import pathlib\n"
        "for part in ('train', 'test', 'model'):\n"
        "    pathlib.Path('/opt/ml/processing/output', part, 'file').write_text(part)\n",
        "train.py": TRAIN,
        "evaluate.py": EVALUATE.replace("{report}", report),
    }
    return {**files, **{f"{name}.py": text for name, text in changes.items()}}


def evaluation(report: str) -> str:
    return EVALUATE.replace("{report}", report)


def failing(message: str) -> str:
    """A processing script that fails as the repository's own do."""
    return (
        "import pathlib, sys\n"
        f"pathlib.Path('/opt/ml/output/message').write_text({message!r})\n"
        "sys.exit(1)\n"
    )


def test_output_is_the_manifest_and_the_trained_model(
    machines: Machines, trained: dict[str, Any]
) -> None:
    added = {"TrainedModelName", "ModelDataUrl", "ModelPackageArn", "Evaluation"}
    assert set(trained) == {*json.loads((ROOT / "config/manifest.json").read_text()), *added}
    gate = trained["Evaluation"]["gate"]
    assert gate["value"] >= trained["MetricThreshold"]
    assert trained["TrainedModelName"].startswith("iris-model-")

    name = trained["TrainedModelName"].replace("model", "train", 1)
    job = machines.sagemaker.describe_training_job(TrainingJobName=name)
    assert job["HyperParameters"]["sagemaker_program"] == "train.py"
    assert job["HyperParameters"]["sagemaker_region"] == "eu-west-1"
    expected = json.loads(trained["TrainingHyperParameters"])
    assert {k: job["HyperParameters"][k] for k in expected} == expected
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == trained["ModelDataUrl"]
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == machines.settings.kms_key_arn
    tags = machines.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "RunId": trained["RunId"],
        "UseCase": "iris",
        "CodeVersion": trained["CodeVersion"],
        "Environment": "ml-core-development",
    }


def test_registers_a_version_that_waits_for_approval(
    machines: Machines, trained: dict[str, Any]
) -> None:
    found = machines.sagemaker.describe_model_package(ModelPackageName=trained["ModelPackageArn"])
    assert found["ModelPackageGroupName"] == "ml-core-development-iris"
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    statistics = found["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["S3Uri"] == trained["Evaluation"]["location"]
    metadata = found["CustomerMetadataProperties"]
    assert metadata["RunId"] == trained["RunId"]
    assert metadata["CodeVersion"] == trained["CodeVersion"]
    assert float(metadata["MetricValue"]) == trained["Evaluation"]["gate"]["value"]
    container = found["InferenceSpecification"]["Containers"][0]
    assert (container["Image"], container["ModelDataUrl"]) == (IMAGE, trained["ModelDataUrl"])
    model = machines.sagemaker.describe_model(ModelName=trained["TrainedModelName"])
    assert model["EnableNetworkIsolation"] is True


def test_a_second_execution_of_the_same_run_does_not_collide(machines: Machines) -> None:
    manifest = machines.manifest("x", scripts(), MetricThreshold=0.5)
    first = machines.succeeds("training", manifest)
    second = machines.succeeds("training", manifest)
    assert first["TrainedModelName"] != second["TrainedModelName"]
    assert first["ModelPackageArn"] != second["ModelPackageArn"]


def test_quality_gate_names_the_numbers(machines: Machines) -> None:
    manifest = machines.manifest("x", scripts(), MetricThreshold=0.9)
    error, cause = machines.fails("training", manifest)
    assert error == "QualityGateFailed"
    assert cause.startswith(
        "accuracy is 0.5, the threshold is 0.9 (maximize), measured on 10 held-out rows. "
    )
    assert "config/use_cases/iris.yaml" in cause
    assert cause.endswith(f"{manifest['RunId']}/evaluation/output/report.html")


@pytest.mark.parametrize(("threshold", "passes"), [(0.4, False), (0.5, True), (1, True)])
def test_quality_gate_of_a_metric_to_minimize(
    machines: Machines, threshold: float, passes: bool
) -> None:
    manifest = machines.manifest(
        "x", scripts(), MetricThreshold=threshold, MetricDirection="minimize"
    )
    if passes:
        machines.succeeds("training", manifest)
    else:
        assert machines.fails("training", manifest)[0] == "QualityGateFailed"


@pytest.mark.parametrize(
    "report",
    ['{"gate": {"value": null}}', '{"gate": {"value": "0.99"}}', '{"regression_metrics": {}}'],
)
def test_quality_gate_without_a_number_is_closed(machines: Machines, report: str) -> None:
    manifest = machines.manifest("x", scripts(evaluate=evaluation(report)), MetricThreshold=0)
    error, cause = machines.fails("training", manifest)
    assert error == "QualityGateUnreadable"
    assert "evaluation.json has no number in gate.value" in cause


@pytest.mark.parametrize(
    ("step", "error", "job"),
    [("preprocess", "PreprocessFailed", "preprocess"), ("evaluate", "EvaluateFailed", "evaluate")],
)
def test_message_of_a_processing_job_reaches_the_cause(
    machines: Machines, step: str, error: str, job: str
) -> None:
    message = "column 'sepal_length': found \"{abc}\" in row 7; expected a number"
    manifest = machines.manifest("x", scripts(**{step: failing(message)}))
    found, cause = machines.fails("training", manifest)
    assert found == error
    assert cause.startswith(f"AlgorithmError: {message}, exit code: 1 (processing job iris-{job}-")
    assert cause.endswith(", log group /aws/sagemaker/ProcessingJobs)")


def test_message_of_the_training_job_reaches_the_cause(machines: Machines) -> None:
    train = (
        "import pathlib, sys\n"
        "pathlib.Path('/opt/ml/output/failure').write_text('max_iter: found -1')\nsys.exit(255)\n"
    )
    error, cause = machines.fails("training", machines.manifest("x", scripts(train=train)))
    assert error == "TrainFailed"
    assert "max_iter: found -1" in cause
    assert "exit code: 255" in cause or "ExitCode 255" in cause
    assert "(training job iris-train-" in cause


def test_missing_evaluation_is_named(machines: Machines) -> None:
    error, cause = machines.fails(
        "training", machines.manifest("x", scripts(evaluate=PREPROCESS), MetricThreshold=0)
    )
    assert error == "S3.NoSuchKeyException"
    assert "evaluation/output/evaluation.json, written by processing job iris-evaluate-" in cause


def test_refused_request_keeps_the_services_own_words(machines: Machines) -> None:
    manifest = machines.manifest("x", scripts(), InstanceType="ml.nonsense.large")
    error, cause = machines.fails("training", manifest)
    assert error == "SageMaker.AmazonSageMakerException"
    assert "ml.nonsense.large" in cause
    assert "(processing job iris-preprocess-" in cause


def test_a_job_that_a_person_stops_is_told_as_stopped(machines: Machines) -> None:
    manifest = machines.manifest("x", scripts(preprocess="import time\ntime.sleep(60)\n"))
    arn = machines.start("training", manifest)
    name = f"iris-preprocess-{arn.rpartition(':')[2]}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        jobs = machines.sagemaker.list_processing_jobs(NameContains=name)
        if jobs["ProcessingJobSummaries"]:
            break
        time.sleep(0.1)
    machines.sagemaker.stop_processing_job(ProcessingJobName=name)
    execution = machines.wait(arn)
    assert (execution["status"], execution["error"]) == ("FAILED", "PreprocessFailed")
    assert name in execution["cause"]
    assert execution["cause"].startswith("The job was stopped before it was complete")
