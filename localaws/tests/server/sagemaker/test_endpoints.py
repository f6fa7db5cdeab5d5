"""Endpoints: real serving processes behind InvokeEndpoint, seen through boto3."""

import json
import os
import signal
import threading

import psutil
import pytest
from botocore.exceptions import ClientError

from server.sagemaker.client import ACCOUNT, wait

ECHO = """
import json, os, time
def model_fn(model_dir):
    return os.environ.get("VERSION", "?")
def input_fn(body, content_type):
    return json.loads(body)
def predict_fn(data, model):
    if "sleep" in data:
        time.sleep(data["sleep"])
    if "exit" in data:
        os._exit(data["exit"])
    if "fail" in data:
        raise ValueError(data["fail"])
    if "write" in data:
        open("/opt/ml/model/x", "w")
    return {"version": model, "data": data, "pid": os.getpid(), "parent": os.getppid()}
def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
"""


@pytest.fixture(scope="module")
def in_service(sagemaker):
    """One endpoint for the tests that only invoke it."""
    name = sagemaker.endpoint(sagemaker.config(sagemaker.model(ECHO, VERSION="one")))
    settled = sagemaker.endpoint_settled(name)
    assert settled["EndpointStatus"] == "InService", settled.get("FailureReason")
    return name


def invoke(sagemaker, name, data, **more):
    answer = sagemaker.runtime.invoke_endpoint(
        EndpointName=name, Body=json.dumps(data), ContentType="application/json", **more
    )
    return json.load(answer["Body"]) | {"variant": answer["InvokedProductionVariant"]}


def recovers(sagemaker, name):
    """The next good answer, which must come soon: on an idle machine a process starts in a second."""

    def ask():
        try:
            return invoke(sagemaker, name, {})
        except ClientError:
            return None

    return wait(ask, bool, seconds=20)


def test_an_endpoint_answers(sagemaker, in_service):
    answer = invoke(sagemaker, in_service, {"rows": [1, 2]})
    assert (answer["version"], answer["data"], answer["variant"]) == (
        "one",
        {"rows": [1, 2]},
        "variant-0",
    )
    described = sagemaker.api.describe_endpoint(EndpointName=in_service)
    variant = described["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
    assert variant["CurrentWeight"] == 1.0
    assert "sagemaker-scikit-learn" in variant["DeployedImages"][0]["SpecifiedImage"]
    assert "VariantStatus" not in variant


def test_errors_of_the_model_are_model_errors(sagemaker, in_service):
    with pytest.raises(ClientError) as raised:
        invoke(sagemaker, in_service, {"fail": "no such column"})
    response = raised.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 500
    assert response["OriginalMessage"] == "ValueError: no such column"
    assert response["LogStreamArn"].endswith(f":log-group:/aws/sagemaker/Endpoints/{in_service}")
    assert response["Error"]["Message"].startswith(
        "Received server error (500) from primary with message"
    )
    log = "\n".join(sagemaker.lines(f"/aws/sagemaker/Endpoints/{in_service}", "variant-0"))
    assert "ValueError: no such column" in log


def test_the_model_directory_is_read_only(sagemaker, in_service):
    with pytest.raises(ClientError, match="Read-only file system"):
        invoke(sagemaker, in_service, {"write": 1})


def test_a_body_of_more_than_six_mebibytes_is_refused(sagemaker, in_service):
    with pytest.raises(ClientError) as raised:
        sagemaker.runtime.invoke_endpoint(
            EndpointName=in_service, Body=b"x" * (6 * 1024 * 1024 + 1)
        )
    assert raised.value.response["Error"]["Code"] in ("ValidationError", "ValidationException")
    assert "6291456" in str(raised.value)


def test_a_model_that_takes_too_long_times_out_and_the_next_request_is_fine(sagemaker, in_service):
    with pytest.raises(ClientError, match="Your invocation timed out") as raised:
        invoke(sagemaker, in_service, {"sleep": 6.5})  # 65 seconds by the clock
    assert raised.value.response["OriginalStatusCode"] == 0
    assert recovers(sagemaker, in_service)["version"] == "one"


def test_a_dead_worker_is_one_error(sagemaker, in_service):
    with pytest.raises(ClientError, match="the model process exited") as raised:
        invoke(sagemaker, in_service, {"exit": 3})
    assert raised.value.response["Error"]["Code"] == "ModelError"
    assert recovers(sagemaker, in_service)["version"] == "one"


def test_a_dead_container_is_started_again(sagemaker, in_service):
    before = recovers(sagemaker, in_service)
    os.kill(before["parent"], signal.SIGKILL)
    wait(lambda: psutil.pid_exists(before["pid"]), lambda exists: not exists)
    assert recovers(sagemaker, in_service)["parent"] != before["parent"]


def test_an_unknown_endpoint_and_variant(sagemaker, in_service):
    with pytest.raises(
        ClientError, match=f"Endpoint nothing of account {ACCOUNT} not found"
    ) as raised:
        invoke(sagemaker, "nothing", {})
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError, match="Variant other not found"):
        invoke(sagemaker, in_service, {}, TargetVariant="other")


def test_weights_and_target_variant(sagemaker):
    models = [
        sagemaker.model(ECHO, VERSION=version, SAGEMAKER_MODEL_SERVER_WORKERS="1")
        for version in "ab"
    ]
    name = sagemaker.endpoint(sagemaker.config(*models, weights=(3.0, 1.0)))
    assert sagemaker.endpoint_settled(name)["EndpointStatus"] == "InService"
    versions = [invoke(sagemaker, name, {})["version"] for _ in range(200)]
    assert 110 < versions.count("a") < 190
    answer = invoke(sagemaker, name, {}, TargetVariant="variant-1")
    assert (answer["version"], answer["variant"]) == ("b", "variant-1")
    sagemaker.api.delete_endpoint(EndpointName=name)


def test_an_update_under_load_loses_no_request_and_a_delete_leaves_no_process(sagemaker):
    old = sagemaker.config(sagemaker.model(ECHO, VERSION="old"))
    new = sagemaker.config(sagemaker.model(ECHO, VERSION="new"))
    name = sagemaker.endpoint(old)
    assert sagemaker.endpoint_settled(name)["EndpointStatus"] == "InService"
    seen, failures, done = [], [], threading.Event()

    def load():
        while not done.is_set():
            try:
                seen.append(invoke(sagemaker, name, {"sleep": 0.02}))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait(lambda: len(seen), lambda count: count > 20)
        sagemaker.api.update_endpoint(EndpointName=name, EndpointConfigName=new)
        during = sagemaker.api.describe_endpoint(EndpointName=name)
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            sagemaker.api.update_endpoint(EndpointName=name, EndpointConfigName=old)
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            sagemaker.api.delete_endpoint(EndpointName=name)
        after = sagemaker.endpoint_settled(name)
        enough = len(seen) + 20
        wait(lambda: len(seen), lambda count: count > enough)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert (during["EndpointStatus"], during["EndpointConfigName"]) == ("Updating", old)
    assert during["PendingDeploymentSummary"]["EndpointConfigName"] == new
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", new)
    assert "PendingDeploymentSummary" not in after
    versions = [answer["version"] for answer in seen]
    assert versions[0] == "old"
    assert versions[-1] == "new"
    processes = {answer["parent"] for answer in seen}
    assert len(processes) == 2
    sagemaker.api.delete_endpoint(EndpointName=name)
    sagemaker.api.get_waiter("endpoint_deleted").wait(
        EndpointName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    assert not any(psutil.pid_exists(pid) for pid in processes)


def test_a_model_that_does_not_load_fails_the_endpoint(sagemaker):
    broken = sagemaker.model(
        "def model_fn(model_dir):\n    raise OSError('model.joblib is missing')\n"
    )
    name = sagemaker.endpoint(sagemaker.config(broken))
    settled = sagemaker.endpoint_settled(name)
    assert settled["EndpointStatus"] == "Failed"
    assert settled["FailureReason"] == (
        "The primary container for production variant variant-0 did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )
    log = "\n".join(sagemaker.lines(f"/aws/sagemaker/Endpoints/{name}", "variant-0"))
    assert "model.joblib is missing" in log
    with pytest.raises(ClientError, match="in status Failed"):
        sagemaker.api.update_endpoint(
            EndpointName=name, EndpointConfigName=sagemaker.config(broken)
        )
    sagemaker.api.delete_endpoint(EndpointName=name)


def test_a_failed_update_keeps_the_old_config_in_service(sagemaker, in_service):
    before = sagemaker.api.describe_endpoint(EndpointName=in_service)["EndpointConfigName"]
    broken = sagemaker.config(sagemaker.model("raise RuntimeError('no')\n"))
    sagemaker.api.update_endpoint(EndpointName=in_service, EndpointConfigName=broken)
    after = sagemaker.endpoint_settled(in_service)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", before)
    assert "did not pass the ping health check" in after["FailureReason"]
    assert invoke(sagemaker, in_service, {})["version"] == "one"


def test_names_of_endpoints_configs_and_models(sagemaker, in_service):
    arn = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}"
    config = sagemaker.api.describe_endpoint(EndpointName=in_service)["EndpointConfigName"]
    api = sagemaker.api
    for call, message in [
        (
            lambda: api.create_endpoint(EndpointName=in_service, EndpointConfigName=config),
            f'Cannot create already existing endpoint "{arn}:endpoint/{in_service}".',
        ),
        (
            lambda: api.describe_endpoint(EndpointName="no"),
            f'Could not find endpoint "{arn}:endpoint/no".',
        ),
        (lambda: api.describe_model(ModelName="no"), f'Could not find model "{arn}:model/no".'),
        (
            lambda: api.create_endpoint(EndpointName="new", EndpointConfigName="no"),
            f'Could not find endpoint configuration "{arn}:endpoint-config/no".',
        ),
        (lambda: sagemaker.config("no"), f'Could not find model "{arn}:model/no".'),
    ]:
        with pytest.raises(ClientError) as raised:
            call()
        assert raised.value.response["Error"] == {"Code": "ValidationException", "Message": message}


def test_too_many_instances_exceed_the_quota(sagemaker):
    config = sagemaker.config(sagemaker.model(ECHO), count=30)
    with pytest.raises(
        ClientError, match=r"'ml\.m5\.large for endpoint usage' is 20 Instances"
    ) as raised:
        sagemaker.endpoint(config)
    assert raised.value.response["Error"]["Code"] == "ResourceLimitExceeded"
