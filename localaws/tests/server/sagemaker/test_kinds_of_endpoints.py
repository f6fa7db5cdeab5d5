"""Shadow variants, serverless and asynchronous endpoints, and inference pipelines."""

import json
import threading
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from botocore.exceptions import ClientError

from server.sagemaker.client import BUCKET, variant, wait

ECHO = """
import os, time
def answer(body, headers):
    if body == b"sleep":
        time.sleep(0.5)
    return (os.environ.get("NAME", "") + ":" + str(os.getpid())).encode(), headers["Content-Type"]
"""
# The scaler and the model of an inference pipeline.
SCALE = """
import json
def answer(body, headers):
    assert headers["Accept"] is None
    rows = [[(float(cell) - 10) / 2 for cell in line.split(",")] for line in body.decode().splitlines()]
    return json.dumps(rows).encode(), "application/json"
"""
PREDICT = """
import json
def answer(body, headers):
    assert headers["Content-Type"] == "application/json", headers["Content-Type"]
    return "".join(f"{sum(row)}\\n" for row in json.loads(body)).encode(), headers["Accept"] or "text/csv"
"""


def invoke(sagemaker, name, body=b"1", **more):
    answer = sagemaker.runtime.invoke_endpoint(
        EndpointName=name, Body=body, ContentType="text/csv", **more
    )
    return answer["Body"].read().decode()


def points(sagemaker, metric, namespace="AWS/SageMaker", **dimensions):
    """The sums of a metric by minute."""
    now = datetime.now(UTC)
    answer = sagemaker.localaws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=metric, Statistics=["Sum"], Period=60,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=20),
    )  # fmt: skip
    found = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return [point["Sum"] for point in found]


def total(sagemaker, metric, **dimensions):
    return sum(points(sagemaker, metric, **dimensions))


def test_a_shadow_variant_gets_copies_and_its_errors_reach_nobody(sagemaker):
    prefix = sagemaker.name("capture")
    capture = {
        "EnableCapture": True, "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{BUCKET}/{prefix}",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }  # fmt: skip
    live = sagemaker.own_model(ECHO, NAME="live")
    broken = sagemaker.own_model("def answer(body, headers):\n    raise ValueError('no')\n")
    with sagemaker.serving(
        [variant("live", live)],
        ShadowProductionVariants=[variant("shadow", broken)],
        DataCaptureConfig=capture,
    ) as name:
        described = sagemaker.api.describe_endpoint(EndpointName=name)
        assert described["ShadowProductionVariants"][0]["VariantName"] == "shadow"
        assert described["ShadowProductionVariants"][0]["CurrentInstanceCount"] == 1
        for _ in range(5):
            assert invoke(sagemaker, name).startswith("live:")
        with pytest.raises(ClientError, match="Variant shadow not found"):
            invoke(sagemaker, name, TargetVariant="shadow")
        shadow, production = (
            {"EndpointName": name, "VariantName": variant_name}
            for variant_name in ("shadow", "live")
        )
        wait(lambda: total(sagemaker, "Invocations", **shadow), lambda count: count == 5)
        assert total(sagemaker, "Invocation5XXErrors", **shadow) == 5
        assert total(sagemaker, "Invocation5XXErrors", **production) == 0
        repaired = sagemaker.name("config")
        sagemaker.api.create_endpoint_config(
            EndpointConfigName=repaired,
            ProductionVariants=[variant("live", live)],
            ShadowProductionVariants=[variant("shadow", live)],
            DataCaptureConfig=capture,
        )
        sagemaker.api.update_endpoint(EndpointName=name, EndpointConfigName=repaired)
        assert sagemaker.endpoint_settled(name)["EndpointConfigName"] == repaired
        assert invoke(sagemaker, name, InferenceId="both").startswith("live:")
        wait(lambda: total(sagemaker, "Invocations", **shadow), lambda count: count == 6)
    events = [
        json.loads(line)
        for key in sagemaker.keys(f"{prefix}/{name}/shadow")
        for line in sagemaker.get(key).splitlines()
    ]
    assert [event["eventMetadata"]["inferenceId"] for event in events] == ["both"]


def occupy(sagemaker, name):
    """Have the only place for half a second; on a busy machine another request may have it first."""
    while True:
        try:
            invoke(sagemaker, name, b"sleep")
            return
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ThrottlingException", error


def test_a_serverless_endpoint_refuses_more_than_its_concurrency(sagemaker):
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 1, "ProvisionedConcurrency": 1}
    model = sagemaker.own_model(ECHO)
    variants = [{"VariantName": "v", "ModelName": model, "ServerlessConfig": serverless}]
    with sagemaker.serving(variants) as name:
        described = sagemaker.api.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
        assert described["CurrentServerlessConfig"] == serverless
        assert "CurrentInstanceCount" not in described
        slow = threading.Thread(target=occupy, args=(sagemaker, name))
        slow.start()
        with pytest.raises(ClientError) as raised:
            while slow.is_alive():
                invoke(sagemaker, name)
        slow.join()
        assert raised.value.response["Error"]["Code"] == "ThrottlingException"
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        with pytest.raises(ClientError, match="less than or equal to 4194304"):
            invoke(sagemaker, name, b"x" * (4 * 1024 * 1024 + 1))
        with pytest.raises(ClientError, match="it cannot have a DesiredInstanceCount"):
            sagemaker.api.update_endpoint_weights_and_capacities(
                EndpointName=name,
                DesiredWeightsAndCapacities=[{"VariantName": "v", "DesiredInstanceCount": 2}],
            )


def test_a_serverless_process_stops_when_idle_and_starts_again(hasty):
    model = hasty.own_model(ECHO)
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 5}
    variants = [
        {
            "VariantName": "v", "ModelName": model, "ServerlessConfig": serverless,
            "ContainerStartupHealthCheckTimeoutInSeconds": 3600,
        }
    ]  # fmt: skip
    with hasty.serving(variants) as name:
        first = invoke(hasty, name)
        process = int(first.rpartition(":")[2])
        wait(lambda: psutil.pid_exists(process), lambda exists: not exists)
        own = {"EndpointName": name, "VariantName": "v"}
        assert total(hasty, "ModelSetupTime", **own) == 0
        assert invoke(hasty, name) != first
        assert total(hasty, "ModelSetupTime", **own) > 0
        now = hasty.config(model)
        hasty.api.update_endpoint(EndpointName=name, EndpointConfigName=now)
        assert hasty.endpoint_settled(name)["EndpointConfigName"] == now
        back = hasty.name("config")
        hasty.api.create_endpoint_config(EndpointConfigName=back, ProductionVariants=variants)
        with pytest.raises(
            ClientError, match="an endpoint with instances cannot become serverless"
        ):
            hasty.api.update_endpoint(EndpointName=name, EndpointConfigName=back)


@pytest.fixture
def topics(sagemaker):
    """A topic for successes and one for errors, and what reaches them."""
    sns, sqs = sagemaker.localaws.client("sns"), sagemaker.localaws.client("sqs")
    arns, queues = {}, {}
    for kind in ("success", "error"):
        arns[kind] = sns.create_topic(Name=sagemaker.name(kind))["TopicArn"]
        queues[kind] = sqs.create_queue(QueueName=sagemaker.name(kind))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queues[kind], AttributeNames=["QueueArn"])
        sns.subscribe(
            TopicArn=arns[kind], Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )  # fmt: skip

    def message(kind):
        found = wait(
            lambda: sqs.receive_message(QueueUrl=queues[kind], WaitTimeSeconds=1).get("Messages"),
            bool,
        )
        return json.loads(found[0]["Body"])

    return arns, message


def test_an_asynchronous_endpoint(sagemaker, topics):
    arns, message = topics
    root = f"s3://{BUCKET}/{sagemaker.name('async')}"
    asynchronous = {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1},
        "OutputConfig": {
            "S3OutputPath": f"{root}/output", "S3FailurePath": f"{root}/failures",
            "NotificationConfig": {
                "SuccessTopic": arns["success"], "ErrorTopic": arns["error"],
                "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
            },
        },
    }  # fmt: skip
    code = """
def answer(body, headers):
    if body == b"bad":
        raise ValueError("bad input")
    return body.upper(), "text/csv"
"""
    given = sagemaker.put("async-input/rows.csv", b"a,b")
    with sagemaker.serving(sagemaker.own_model(code), AsyncInferenceConfig=asynchronous) as name:
        described = sagemaker.api.describe_endpoint(EndpointName=name)
        assert described["AsyncInferenceConfig"] == asynchronous
        with pytest.raises(ClientError, match="does not support this inference type"):
            invoke(sagemaker, name)
        started = sagemaker.runtime.invoke_endpoint_async(
            EndpointName=name, InputLocation=given, ContentType="text/csv", InferenceId="first"
        )
        assert started["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert started["InferenceId"] == "first"
        success = message("success")
        key = started["OutputLocation"].removeprefix(f"s3://{BUCKET}/")
        assert sagemaker.get(key) == b"A,B"
        failing = sagemaker.runtime.invoke_endpoint_async(
            EndpointName=name, InputLocation=sagemaker.put("async-input/bad.csv", b"bad")
        )
        error = message("error")
        assert failing["FailureLocation"].startswith(f"{root}/failures/")
        assert sagemaker.keys(failing["FailureLocation"].removeprefix(f"s3://{BUCKET}/"))
    times = {member: success.pop(member) for member in ("eventTime", "receivedTime")}
    assert times["receivedTime"] <= times["eventTime"]
    assert success == {
        "awsRegion": "eu-west-1",
        "invocationStatus": "Completed",
        "requestParameters": {
            "contentType": "text/csv", "endpointName": name, "inputLocation": given,
        },
        "responseParameters": {
            "contentType": "text/csv", "outputLocation": started["OutputLocation"],
        },
        "responseBody": {"content": "QSxC", "encoding": "BASE64"},
        "inferenceId": "first",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }  # fmt: skip
    assert (error["invocationStatus"], error["inferenceId"]) == ("Failed", failing["InferenceId"])
    assert "Received server error" in error["failureReason"]
    assert "responseBody" not in error


def test_what_is_measured_and_what_is_deleted_with_an_endpoint(hasty):
    code = """
import time
def answer(body, headers):
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        pass
    return body, "text/csv"
"""
    asynchronous = {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1},
        "OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/{hasty.name('async')}"},
    }
    scaling = hasty.localaws.client("application-autoscaling")
    with hasty.serving(hasty.own_model(code), AsyncInferenceConfig=asynchronous) as name:
        resource = f"endpoint/{name}/variant/AllTraffic"
        scaling.register_scalable_target(
            ServiceNamespace="sagemaker", ResourceId=resource, MinCapacity=1, MaxCapacity=2,
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        )  # fmt: skip
        for _ in range(3):
            hasty.runtime.invoke_endpoint_async(EndpointName=name, Body=b"1")
        own = {"EndpointName": name}
        wait(
            lambda: points(hasty, "ApproximateBacklogSize", **own),
            lambda values: values and max(values) >= 2,
        )
        own["VariantName"] = "AllTraffic"
        instances = {"namespace": "/aws/sagemaker/Endpoints", **own}
        wait(lambda: points(hasty, "CPUUtilization", **instances), lambda v: v and max(v) > 10)
        assert points(hasty, "MemoryUtilization", **instances)[0] > 0
        assert max(points(hasty, "ConcurrentRequestsPerModel", **own)) >= 1
    found = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[resource])[
        "ScalableTargets"
    ]
    assert found == []


def pipeline(sagemaker, **more):
    """A scaler and a model that uses what it returns."""
    name = sagemaker.name("pipeline")
    containers = [
        {**sagemaker.container(SCALE), "ContainerHostname": "scaler"},
        {**sagemaker.container(PREDICT), "ContainerHostname": "model"},
    ]
    sagemaker.api.create_model(
        ModelName=name, ExecutionRoleArn=sagemaker.role, Containers=containers, **more
    )
    return name


def test_an_inference_pipeline(sagemaker):
    model = pipeline(sagemaker)
    with sagemaker.serving(model) as name:
        assert invoke(sagemaker, name, b"12,14\n10,10\n") == "3.0\n0.0\n"
        described = sagemaker.api.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
        assert len(described["DeployedImages"]) == 2
        with pytest.raises(ClientError, match="from scaler with message"):
            invoke(sagemaker, name, b"not,numbers")
        with pytest.raises(ClientError, match="with the inference execution mode Direct"):
            invoke(sagemaker, name, TargetContainerHostname="model")
        streams = sagemaker.logs.describe_log_streams(
            logGroupName=f"/aws/sagemaker/Endpoints/{name}"
        )["logStreams"]
        assert {s["logStreamName"].rpartition("/")[2] for s in streams} <= {"scaler", "model"}
    given = sagemaker.put(f"batch/{model}/rows.csv", b"12,14\n10,10\n")
    sagemaker.api.create_transform_job(
        TransformJobName=model, ModelName=model,
        TransformInput={
            "ContentType": "text/csv", "SplitType": "Line",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": given}},
        },
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/batch/{model}/output"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )  # fmt: skip
    job = wait(
        lambda: sagemaker.api.describe_transform_job(TransformJobName=model),
        lambda job: job["TransformJobStatus"] not in ("InProgress", "Stopping"),
    )
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    assert sagemaker.get(f"batch/{model}/output/rows.csv.out") == b"3.0\n0.0\n"


def test_a_container_that_is_invoked_directly(sagemaker):
    model = pipeline(sagemaker, InferenceExecutionConfig={"Mode": "Direct"})
    with sagemaker.serving(model) as name:
        assert json.loads(invoke(sagemaker, name, b"12,14", TargetContainerHostname="scaler")) == [
            [1.0, 2.0]
        ]
        with pytest.raises(ClientError, match="must be one of scaler, model"):
            invoke(sagemaker, name)


def test_what_an_endpoint_config_cannot_combine(sagemaker):
    model = sagemaker.own_model(ECHO)
    serverless = {"VariantName": "s", "ModelName": model}
    serverless["ServerlessConfig"] = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    live = variant("live", model)
    asynchronous = {"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/x"}}
    capture = {
        "EnableCapture": True, "InitialSamplingPercentage": 1, "DestinationS3Uri": f"s3://{BUCKET}/x",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }  # fmt: skip
    wrong_memory = {"MemorySizeInMB": 1500, "MaxConcurrency": 1}
    for variants, more, message in (
        ([serverless, live], {}, "has one production variant; given are 2"),
        ([serverless], {"DataCaptureConfig": capture}, "does not support DataCaptureConfig"),
        ([serverless], {"AsyncInferenceConfig": asynchronous}, "not support AsyncInferenceConfig"),
        ([serverless | {"ServerlessConfig": wrong_memory}], {}, "must be one of 1024, 2048, 3072"),
        ([serverless | {"InstanceType": "ml.m5.large"}], {}, "both ServerlessConfig and InstanceType"),
        ([serverless | {"ModelName": pipeline(sagemaker)}], {}, "serverless endpoint has one"),
        (
            [live, variant("b", model)],
            {"ShadowProductionVariants": [variant("c", model)]},
            "one shadow variant; given are 2 and 1",
        ),
        ([live], {"ShadowProductionVariants": [live]}, "is used twice"),
        ([live], {"ExplainerConfig": {"ClarifyExplainerConfig": {"ShapConfig": {
            "ShapBaselineConfig": {}}}}}, "ExplainerConfig"),
    ):  # fmt: skip
        with pytest.raises(ClientError, match=message):
            sagemaker.api.create_endpoint_config(
                EndpointConfigName=sagemaker.name("config"), ProductionVariants=variants, **more
            )
