"""The training state machine, run: with the repository's job code, and with jobs that fail."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from typing import Any

import pytest

from tests.local.test_state_machines.conftest import IMAGE, ROOT, Machines

# Jobs that take no time; what they hand on is what the state machine needs.
PREPROCESS = "print('nothing to prepare')\n"
TRAIN = (
    "import os, pathlib\npathlib.Path(os.environ['SM_MODEL_DIR'], 'model').write_text('model')\n"
)
REPORT: dict[str, Any] = {
    "gate": {
        "metric": "accuracy",
        "value": 0.5,
        "rows": 10,
        "champion_compared": False,
        "champion_value": None,
        "regression": None,
    },
    "model": {"archive_sha256": "aa" * 32, "card_sha256": "bb" * 32},
}
EVALUATE = """
import pathlib
folder = pathlib.Path("/opt/ml/processing/output/evaluation")
folder.joinpath("evaluation.json").write_text('''{report}''')
"""


def scripts(**changes: str) -> dict[str, str]:
    report = json.dumps(REPORT)
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
    assert metadata["GitCommit"] == "unknown"
    assert metadata["TrainingImage"] == IMAGE
    archive = machines.get(trained["ModelDataUrl"].split("/", 3)[3])
    assert metadata["ModelSha256"] == hashlib.sha256(archive).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        name = next(name for name in tar.getnames() if name.endswith("model.json"))
        card = tar.extractfile(name)
        assert card is not None
        text = card.read()
    assert metadata["ModelCardSha256"] == hashlib.sha256(text).hexdigest()
    lineage = json.loads(text)["lineage"]
    assert lineage["run"] == trained["RunId"]
    assert (lineage["git_commit"], lineage["image"]) == ("unknown", IMAGE)
    assert float(metadata["MetricValue"]) == trained["Evaluation"]["gate"]["value"]
    container = found["InferenceSpecification"]["Containers"][0]
    assert (container["Image"], container["ModelDataUrl"]) == (IMAGE, trained["ModelDataUrl"])
    model = machines.sagemaker.describe_model(ModelName=trained["TrainedModelName"])
    served = model["PrimaryContainer"]["Environment"]
    assert served["MODEL_CARD_SHA256"] == metadata["ModelCardSha256"]
    assert container["Environment"] == served
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
    [
        '{"gate": {"value": null}}',
        '{"gate": {"value": "0.99"}}',
        '{"regression_metrics": {}}',
        '{"gate": {"value": 0.99, "rows": 10}}',
        '{"gate": {"value": 0.99, "rows": 10}, "model": {"archive_sha256": "aa"}}',
    ],
)
def test_quality_gate_without_a_number_is_closed(machines: Machines, report: str) -> None:
    manifest = machines.manifest("x", scripts(evaluate=evaluation(report)), MetricThreshold=0)
    error, cause = machines.fails("training", manifest)
    assert error == "QualityGateUnreadable"
    assert "evaluation.json has no number in gate.value" in cause
    assert "or no sha256 of the model in model.archive_sha256" in cause


def compared(regression: Any, compared: Any = True) -> str:
    gate = {
        **REPORT["gate"],
        "champion_compared": compared,
        "champion_value": 0.5625,
        "regression": regression,
    }
    return evaluation(json.dumps({**REPORT, "gate": gate}))


@pytest.mark.parametrize("allowed", [0, 0.0625, 0.07])
def test_champion_gate_names_the_numbers(machines: Machines, allowed: float) -> None:
    manifest = machines.manifest(
        "x",
        scripts(evaluate=compared(0.0625)),
        MetricThreshold=0.1,
        ChampionMaxRegression=allowed,
        ChampionModelPackageArn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/group/7",
    )
    if allowed >= 0.0625:
        machines.succeeds("training", manifest)
        return
    error, cause = machines.fails("training", manifest)
    assert error == "ChampionGateFailed"
    assert cause.startswith(
        "accuracy is 0.5, that of the model in production 0.5625: worse by 0.0625, allowed is 0, "
        "measured on the same 10 held-out rows. "
    )
    assert "another champion.max_regression in config/use_cases/iris.yaml" in cause
    assert "In production: arn:aws:sagemaker:eu-west-1:123456789012:model-package/group/7." in cause
    assert cause.endswith(f"{manifest['RunId']}/evaluation/output/report.html")


def test_champion_gate_without_a_comparison_is_open(machines: Machines) -> None:
    """None yet, or one that cannot be compared: the report says so, and a person decides."""
    report = compared(None, compared=False)
    machines.succeeds(
        "training",
        machines.manifest(
            "x", scripts(evaluate=report), MetricThreshold=0, ChampionMaxRegression=0
        ),
    )


def test_champion_gate_that_nobody_asked_for_is_open(machines: Machines) -> None:
    machines.succeeds(
        "training", machines.manifest("x", scripts(evaluate=compared(0.4)), MetricThreshold=0)
    )


@pytest.mark.parametrize(
    "report", [compared(None), compared("0"), compared(None, compared="no"), EVALUATE]
)
def test_champion_gate_without_a_number_is_closed(machines: Machines, report: str) -> None:
    if report == EVALUATE:
        gate = {"metric": "accuracy", "value": 0.5, "rows": 10}
        report = evaluation(json.dumps({**REPORT, "gate": gate}))
    manifest = machines.manifest(
        "x", scripts(evaluate=report), MetricThreshold=0, ChampionMaxRegression=0.01
    )
    error, cause = machines.fails("training", manifest)
    assert error == "ChampionGateUnreadable"
    assert "does not say in gate.champion_compared and gate.regression" in cause


def test_the_version_in_production_is_compared(
    machines: Machines, trained: dict[str, Any], iris: str
) -> None:
    """With the repository's own scripts: the registered version is loaded by its recorded hash."""
    arn = trained["ModelPackageArn"]
    machines.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    try:
        manifest = machines.manifest(iris, ChampionMaxRegression=0)
        assert manifest["ChampionModelPackageArn"] == arn
        again = machines.succeeds("training", manifest)
    finally:
        machines.sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="PendingManualApproval"
        )
    report = machines.evaluation(again)
    assert report["champion"]["status"] == "compared"
    assert report["champion"]["model_package"] == arn
    assert report["champion"]["sha256"] == manifest["ChampionModelSha256"]
    assert report["champion"]["same_training_rows"] is True
    assert report["gate"]["regression"] == report["champion"]["difference"] == 0
    assert report["champion"]["value"] == trained["Evaluation"]["gate"]["value"]


def test_an_archive_that_was_replaced_is_not_loaded(
    machines: Machines, trained: dict[str, Any], iris: str
) -> None:
    arn = trained["ModelPackageArn"]
    machines.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    key = trained["ModelDataUrl"].split("/", 3)[3]
    kept = machines.get(key)
    machines.put(key, kept + b"\0")
    try:
        again = machines.succeeds("training", machines.manifest(iris))
    finally:
        machines.put(key, kept)
        machines.sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="PendingManualApproval"
        )
    champion = machines.evaluation(again)["champion"]
    assert champion["status"] == "not compared"
    assert champion["reason"].startswith("model.tar.gz is not the one that was registered: found")


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
