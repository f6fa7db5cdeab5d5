"""The programs of our own image as jobs: a script prepares, `train` trains, `serve` answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.local.test_sagemaker.conftest import BUCKET, OWN_IMAGE, SageMaker, wait

ROOT = Path(__file__).parents[3]
ROW = "-122.23,37.88,41.0,880.0,129.0,322.0,126.0,8.3252"


def channel(name: str, uri: str) -> dict[str, object]:
    source = {
        "S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated",
    }  # fmt: skip
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def place(name: str, uri: str, path: str) -> dict[str, object]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File",
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def prepared(sagemaker: SageMaker) -> str:
    """Where the processing job put its output."""
    run = f"s3://{BUCKET}/own-image"
    for path in (ROOT / "workflow" / "preprocess.py", *(ROOT / "workflow" / "ml").glob("*.py")):
        name = path.relative_to(ROOT / "workflow").as_posix()
        sagemaker.put(f"own-image/code/{name}", path.read_bytes())
    document = yaml.safe_load((ROOT / "config/use_cases/housing.yaml").read_text())
    sagemaker.put("own-image/config/use_case.json", json.dumps(document))
    sample = ROOT / "sample-files" / "cal_housing.csv"
    sagemaker.put("own-image/source/data.csv", sample.read_bytes())
    base = "/opt/ml/processing"
    outputs = [
        {
            "OutputName": name,
            "S3Output": {
                "S3Uri": f"{run}/prepared/{name}", "LocalPath": f"{base}/output/{name}",
                "S3UploadMode": "EndOfJob",
            },
        }
        for name in ("train", "test", "model")
    ]  # fmt: skip
    job = sagemaker.process(
        "python3",
        f"{base}/input/code/preprocess.py",
        ProcessingInputs=[
            place("code", f"{run}/code", f"{base}/input/code"),
            place("config", f"{run}/config", f"{base}/input/config"),
            place("data", f"{run}/source", f"{base}/input/data"),
        ],
        ProcessingOutputConfig={"Outputs": outputs},
    )
    assert job["ProcessingJobStatus"] == "Completed", job
    return run


@pytest.fixture(scope="module")
def trained(sagemaker: SageMaker, prepared: str) -> dict[str, object]:
    name = sagemaker.name("own-training")
    sagemaker.api.create_training_job(
        **sagemaker.training_request(
            name,
            AlgorithmSpecification={"TrainingImage": OWN_IMAGE, "TrainingInputMode": "File"},
            HyperParameters={"max_iter": "50"},
            InputDataConfig=[
                channel("train", f"{prepared}/prepared/train"),
                channel("profile", f"{prepared}/prepared/model"),
                channel("config", f"{prepared}/config"),
            ],
        )
    )
    job = sagemaker.training_ended(name)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    return job


@pytest.fixture(scope="module")
def model(sagemaker: SageMaker, trained: dict[str, dict[str, str]]) -> str:
    name = sagemaker.name("own-model")
    sagemaker.api.create_model(
        ModelName=name,
        ExecutionRoleArn=sagemaker.role,
        PrimaryContainer={
            "Image": OWN_IMAGE,
            "ModelDataUrl": trained["ModelArtifacts"]["S3ModelArtifacts"],
        },
    )
    return name


def test_the_model_was_exported(sagemaker: SageMaker, trained: dict[str, str]) -> None:
    lines = sagemaker.lines("/aws/sagemaker/TrainingJobs", trained["TrainingJobName"])
    assert any(line.startswith("served by onnxruntime: equal to scikit-learn") for line in lines)


def test_a_failure_is_the_reason_of_the_job(sagemaker: SageMaker, prepared: str) -> None:
    name = sagemaker.name("own-training")
    sagemaker.api.create_training_job(
        **sagemaker.training_request(
            name,
            AlgorithmSpecification={"TrainingImage": OWN_IMAGE, "TrainingInputMode": "File"},
            HyperParameters={"depth": "50"},
            InputDataConfig=[channel("config", f"{prepared}/config")],
        )
    )
    job = sagemaker.training_ended(name)
    assert job["TrainingJobStatus"] == "Failed"
    assert "AlgorithmError: " in job["FailureReason"]
    assert "depth: HistGradientBoostingRegressor has no such hyperparameter" in job["FailureReason"]


def test_an_endpoint_answers_and_refuses(sagemaker: SageMaker, model: str) -> None:
    endpoint = sagemaker.endpoint(sagemaker.config(model))
    assert sagemaker.endpoint_settled(endpoint)["EndpointStatus"] == "InService"
    answer = sagemaker.runtime.invoke_endpoint(
        EndpointName=endpoint,
        ContentType="text/csv",
        Accept="application/json",
        CustomAttributes="trace=7",
        Body=f"{ROW}\n".encode(),
    )
    assert answer["CustomAttributes"] == "trace=7"
    (prediction,) = json.loads(answer["Body"].read())["predictions"]
    assert 0.3 < prediction < 1.2
    with pytest.raises(sagemaker.runtime.exceptions.ModelError) as refused:
        sagemaker.runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="text/csv", Body=ROW.replace("37.88", "91").encode()
        )
    assert refused.value.response["OriginalStatusCode"] == 400
    assert "row 1, column latitude: found '91'" in refused.value.response["OriginalMessage"]


def test_a_transform_job_keeps_the_order(sagemaker: SageMaker, model: str) -> None:
    rows = [ROW.replace("-122.23", f"-{115 + number % 90 / 10:.1f}") for number in range(2000)]
    sagemaker.put("own-image/inference/rows.csv", "\n".join(rows) + "\n")
    name = sagemaker.name("own-transform")
    sagemaker.api.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        BatchStrategy="MultiRecord",
        TransformInput={
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/own-image/inference/",
                }
            },
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": f"s3://{BUCKET}/own-image/predictions", "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )  # fmt: skip
    job = wait(
        lambda: sagemaker.api.describe_transform_job(TransformJobName=name),
        lambda job: job["TransformJobStatus"] in ("Completed", "Failed", "Stopped"),
    )
    assert job["TransformJobStatus"] == "Completed", job
    lines = sagemaker.get("own-image/predictions/rows.csv.out").decode().split()
    assert len(lines) == 2000
    assert lines[:90] == lines[90:180]
    assert len(set(lines[:90])) > 5
