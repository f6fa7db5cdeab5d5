"""The programs of our own image as jobs and as an endpoint: preprocess.py, `train` and `serve`."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from landing_zone.runs.bad_rows import TRANSFORM_JOBS, refused_row, skipped_rows
from landing_zone.runs.history import Step
from landing_zone.runs.run import Action, Run
from server.sagemaker.client import (
    BUCKET,
    OWN_IMAGE,
    SCIKIT_LEARN_IMAGE,
    SageMaker,
    tar_gz,
    wait,
)

ROOT = Path(__file__).parents[2]
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
    """The S3 URI under which the processing job wrote its output."""
    run = f"s3://{BUCKET}/own-image"
    for path in (ROOT / "workflow" / "preprocess.py", *(ROOT / "workflow" / "ml").rglob("*.py")):
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


def transform(sagemaker: SageMaker, model: str, prefix: str, **more: object) -> dict[str, Any]:
    """Run the transform job of the inference state machine on prefix/input/; returns its description."""
    name = sagemaker.name("own-transform")
    place = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}/input/"}
    sagemaker.api.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        BatchStrategy="MultiRecord",
        TransformInput={
            "DataSource": {"S3DataSource": place}, "ContentType": "text/csv", "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": f"s3://{BUCKET}/{prefix}/output", "Accept": "text/csv", "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **more,
    )  # fmt: skip
    job: dict[str, Any] = wait(
        lambda: sagemaker.api.describe_transform_job(TransformJobName=name),
        lambda job: job["TransformJobStatus"] in ("Completed", "Failed", "Stopped"),
    )
    return job


def test_a_transform_job_keeps_the_order(sagemaker: SageMaker, model: str) -> None:
    rows = [ROW.replace("-122.23", f"-{115 + number % 90 / 10:.1f}") for number in range(2000)]
    sagemaker.put("own-image/input/rows.csv", "\n".join(rows) + "\n")
    job = transform(sagemaker, model, "own-image")
    assert job["TransformJobStatus"] == "Completed", job
    lines = sagemaker.get("own-image/output/rows.csv.out").decode().split()
    assert len(lines) == 2000
    assert lines[:90] == lines[90:180]
    assert len(set(lines[:90])) > 5


BAD_ROWS = {30_001: "-122.23,x,41.0,880.0,129.0,322.0,126.0,8.3252", 30_007: "", 39_999: "1,2"}


def model_of(sagemaker: SageMaker, archive: str, image: str, policy: str) -> str:
    """Create the trained model with another policy for bad rows; returns its name."""
    bucket, _, key = archive.removeprefix("s3://").partition("/")
    assert bucket == BUCKET
    with tarfile.open(fileobj=io.BytesIO(sagemaker.get(key))) as packed:
        members = ((member.name, packed.extractfile(member)) for member in packed)
        files = {name.removeprefix("./"): content.read() for name, content in members if content}
    card = json.loads(files["model.json"])
    card["use_case"]["batch"] = {"bad_rows": policy}
    files["model.json"] = json.dumps(card).encode()
    name = sagemaker.name("own-model")
    uri = sagemaker.put(f"{name}/model.tar.gz", tar_gz(files))
    script_mode = {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }
    sagemaker.api.create_model(
        ModelName=name,
        ExecutionRoleArn=sagemaker.role,
        PrimaryContainer={
            "Image": image,
            "ModelDataUrl": uri,
            "Environment": script_mode,
        },
    )
    return name


@pytest.mark.parametrize("image", [OWN_IMAGE, SCIKIT_LEARN_IMAGE], ids=["own", "prebuilt"])
def test_bad_rows_of_a_file_of_several_payloads(
    sagemaker: SageMaker, trained: dict[str, dict[str, str]], image: str
) -> None:
    archive = trained["ModelArtifacts"]["S3ModelArtifacts"]
    prefix = sagemaker.name("bad-rows")
    lines = [BAD_ROWS.get(number, ROW) for number in range(1, 40_002)]
    sagemaker.put(f"{prefix}/input/a.csv", f"{ROW}\n")
    sagemaker.put(f"{prefix}/input/rows.csv", "\n".join(lines))

    failed = transform(
        sagemaker, model_of(sagemaker, archive, image, "fail"), prefix, MaxPayloadInMB=1
    )

    assert failed["TransformJobStatus"] == "Failed"
    reason = failed["FailureReason"]
    assert re.search(r"row \d+, column latitude: found 'x', expected a number from 32 to", reason)
    assert re.search(r"Row \d+ is '-122\.23,x,41\.0", reason)
    name, began = failed["TransformJobName"], failed["CreationTime"]
    step = Step("Transform", name, "Failed", began, None, TRANSFORM_JOBS)
    action = Action("InferenceStage", "Inference", "StepFunctions", "Failed", steps=(step,))
    pipeline = Located(f"s3://{BUCKET}/{prefix}/input/")
    told = refused_row(sagemaker.localaws, pipeline, Run("r", "Failed", (action,), {}))
    assert told.startswith(
        f"bad row: line 30,001 of s3://{BUCKET}/{prefix}/input/rows.csv: column latitude: found 'x', "
    )

    skipped = transform(
        sagemaker, model_of(sagemaker, archive, image, "skip"), prefix, MaxPayloadInMB=1
    )

    assert skipped["TransformJobStatus"] == "Completed", skipped
    found = sagemaker.get(f"{prefix}/output/rows.csv.out").decode().split("\n")
    assert {number for number, line in enumerate(found, start=1) if not line} == {
        *BAD_ROWS, 40_002,  # the end of the last line
    }  # fmt: skip
    assert len(set(found)) == 2  # the same row, the same prediction; and nothing
    assert skipped_rows(sagemaker.s3, BUCKET, f"{prefix}/output/rows.csv.out") == (
        "3 of 40,001 rows skipped: lines 30,001, 30,007, 39,999"
    )
    log = sagemaker.lines("/aws/sagemaker/TransformJobs", skipped["TransformJobName"])
    assert sum('"event": "bad_row"' in line for line in log) == len(BAD_ROWS)


class Located:
    """A pipeline whose run has its rows at ``location``."""

    def __init__(self, location: str) -> None:
        self.location = location

    def manifest(self, run: Run) -> dict[str, str]:
        return {"InferenceInputLocation": self.location}
