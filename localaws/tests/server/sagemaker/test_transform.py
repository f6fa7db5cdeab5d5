"""Transform jobs: order, batches, errors."""

import gzip

import pytest
from botocore.exceptions import ClientError

from server.sagemaker.client import BUCKET, wait

# Answers each line with the line and the size of its batch.
LINES = """
import os, time
def model_fn(model_dir):
    assert os.environ["SAGEMAKER_BATCH"] == "true"
    return None
def input_fn(body, content_type):
    assert content_type == "text/csv", content_type
    return body.splitlines()
def predict_fn(lines, model):
    if "bad" in lines:
        raise ValueError("line 'bad' is not a number")
    if "slow" in lines:
        time.sleep(30)
    if lines and lines[0].endswith("0"):
        time.sleep(0.05)
    return [f"{line},{len(lines)}" for line in lines]
def output_fn(prediction, accept):
    return "\\n".join(prediction), accept
"""


def start(sagemaker, model, prefix, **more):
    name = sagemaker.name("transform")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}"}}
    request = {
        "TransformJobName": name,
        "ModelName": model,
        "TransformInput": {
            "DataSource": source, "ContentType": "text/csv", "SplitType": "Line", **more.pop("source", {}),
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{BUCKET}/{prefix}out/", "AssembleWith": "Line", "Accept": "text/csv",
        },
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    }  # fmt: skip
    sagemaker.api.create_transform_job(**request, **more)
    return name


def ended(sagemaker, name):
    return wait(
        lambda: sagemaker.api.describe_transform_job(TransformJobName=name),
        lambda job: job["TransformJobStatus"] in ("Completed", "Failed", "Stopped"),
    )


@pytest.fixture(scope="module")
def model(sagemaker):
    return sagemaker.model(LINES)


def test_order_is_kept_with_concurrent_single_records(sagemaker, model):
    numbers = [str(n) for n in range(60)]
    sagemaker.put("order/rows.csv", "\n".join(numbers) + "\n")
    sagemaker.put("order/deep/more.csv", "1000\n2000")
    name = start(
        sagemaker,
        model,
        "order/",
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=4,
        MaxPayloadInMB=1,
    )
    job = ended(sagemaker, name)
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    assert sagemaker.keys("order/out/") == ["order/out/deep/more.csv.out", "order/out/rows.csv.out"]
    assert sagemaker.get("order/out/rows.csv.out").decode() == "".join(f"{n},1\n" for n in numbers)
    assert sagemaker.get("order/out/deep/more.csv.out").decode() == "1000,1\n2000,1\n"


def test_multi_record_fills_the_payload(sagemaker, model):
    row = "x" * 1023
    sagemaker.put("multi/rows.csv", f"{row}\n" * 2500)
    job = ended(sagemaker, start(sagemaker, model, "multi/", MaxPayloadInMB=1))
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    rows = sagemaker.get("multi/out/rows.csv.out").decode().splitlines()
    assert [rows[0], rows[-1], len(rows)] == [f"{row},1024", f"{row},452", 2500]


def test_gzip_input(sagemaker, model):
    sagemaker.put("gzip/rows.csv.gz", gzip.compress(b"1\n2\n"))
    job = ended(sagemaker, start(sagemaker, model, "gzip/", source={"CompressionType": "Gzip"}))
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    assert sagemaker.get("gzip/out/rows.csv.gz.out") == b"1,2\n2,2\n"


def test_an_error_of_the_model_fails_the_job_with_its_message_and_place(sagemaker, model):
    sagemaker.put("bad/rows.csv", "1\nbad\n")
    name = start(sagemaker, model, "bad/", ModelClientConfig={"InvocationsMaxRetries": 1})
    job = ended(sagemaker, name)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        f"AlgorithmError: s3://{BUCKET}/bad/rows.csv: the model answered 500"
    )
    assert "line 'bad' is not a number" in job["FailureReason"]
    assert f"/aws/sagemaker/TransformJobs {name}/" in job["FailureReason"]
    assert sagemaker.keys("bad/out/") == []
    log = sagemaker.lines("/aws/sagemaker/TransformJobs", name)
    assert any("line 'bad' is not a number" in line for line in log)


def test_a_line_longer_than_the_payload_is_named(sagemaker, model):
    sagemaker.put("long/rows.csv", "1\n" + "x" * (1024 * 1024 + 1) + "\n")
    job = ended(sagemaker, start(sagemaker, model, "long/", MaxPayloadInMB=1))
    assert job["TransformJobStatus"] == "Failed"
    assert "line 2 is longer than MaxPayloadInMB" in job["FailureReason"]


def test_a_stopped_job_keeps_no_output(sagemaker, model):
    sagemaker.put("slow/rows.csv", "slow\n")
    name = start(sagemaker, model, "slow/")
    wait(
        lambda: sagemaker.api.describe_transform_job(TransformJobName=name),
        lambda job: "TransformStartTime" in job,
    )
    sagemaker.api.stop_transform_job(TransformJobName=name)
    job = ended(sagemaker, name)
    assert job["TransformJobStatus"] == "Stopped"
    assert sagemaker.keys("slow/out/") == []


def test_a_missing_input_and_a_missing_model(sagemaker, model):
    job = ended(sagemaker, start(sagemaker, model, "nothing-to-transform/"))
    assert job["FailureReason"].startswith("ClientError: No S3 objects found under S3 URL")
    with pytest.raises(ClientError, match="Could not find model"):
        start(sagemaker, "no", "order/")


def test_too_much_payload_at_once_is_refused(sagemaker, model):
    with pytest.raises(ClientError, match="must not exceed 100"):
        start(sagemaker, model, "order/", MaxConcurrentTransforms=50, MaxPayloadInMB=6)
