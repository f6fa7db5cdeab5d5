"""botocore's waiters end as they do on AWS: four waiters, each with ok, stopped, failed and missing."""

import pytest
from botocore.exceptions import WaiterError

FAST = {"Delay": 0.1, "MaxAttempts": 300}
SLEEP = "import time\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def transform_model(sagemaker):
    return sagemaker.model(
        "import time\n"
        "def model_fn(d): return None\n"
        "def transform_fn(model, body, content_type, accept):\n"
        "    if 'slow' in body: time.sleep(60)\n"
        "    if 'bad' in body: raise ValueError('bad')\n"
        "    return body, 'text/csv'\n"
    )


def start_transform(sagemaker, model, text):
    name = sagemaker.name("transform")
    uri = sagemaker.put(f"waiters/{name}/in.csv", text)
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
    sagemaker.api.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        ModelClientConfig={"InvocationsMaxRetries": 0},
        TransformInput={"DataSource": source, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": uri.rpartition("/")[0] + "/out"},
        TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    )
    return name


@pytest.mark.parametrize("ending", ["ok", "stopped", "failed", "missing"])
@pytest.mark.parametrize("kind", ["processing", "training", "transform"])
def test_a_job_waiter(sagemaker, transform_model, kind, ending):
    api = sagemaker.api
    if ending == "missing":
        name = "never-made"
    elif kind == "processing":
        command = {"ok": ["true"], "failed": ["false"], "stopped": ["sleep", "600"]}[ending]
        name = sagemaker.start_processing(*command)
    elif kind == "training":
        name = sagemaker.start_training(
            {"ok": "", "failed": "raise SystemExit(1)", "stopped": SLEEP}[ending]
        )
    else:
        text = {"ok": "1\n", "failed": "bad\n", "stopped": "slow\n"}[ending]
        name = start_transform(sagemaker, transform_model, text)
    title = kind.capitalize()
    if ending == "stopped":
        getattr(api, f"stop_{kind}_job")(**{f"{title}JobName": name})
    waiter = api.get_waiter(f"{kind}_job_completed_or_stopped")
    if ending in ("ok", "stopped"):
        waiter.wait(**{f"{title}JobName": name}, WaiterConfig=FAST)
    else:
        with pytest.raises(WaiterError) as raised:
            waiter.wait(**{f"{title}JobName": name}, WaiterConfig=FAST)
        response = raised.value.last_response
        if ending == "missing":
            assert response["Error"]["Code"] == "ValidationException"
        else:
            assert response[f"{title}JobStatus"] == "Failed"


def test_the_endpoint_waiters(sagemaker):
    api = sagemaker.api
    good = sagemaker.endpoint(sagemaker.config(sagemaker.model("def model_fn(d): return None\n")))
    bad = sagemaker.endpoint(sagemaker.config(sagemaker.model("raise ValueError('no')\n")))
    in_service, deleted = api.get_waiter("endpoint_in_service"), api.get_waiter("endpoint_deleted")
    in_service.wait(EndpointName=good, WaiterConfig=FAST)
    with pytest.raises(WaiterError) as raised:
        in_service.wait(EndpointName=bad, WaiterConfig=FAST)
    assert raised.value.last_response["EndpointStatus"] == "Failed"
    with pytest.raises(WaiterError) as raised:
        in_service.wait(EndpointName="never-made", WaiterConfig=FAST)
    assert raised.value.last_response["Error"]["Code"] == "ValidationException"
    with pytest.raises(WaiterError):
        deleted.wait(EndpointName=bad, WaiterConfig=FAST)
    for name in (good, bad):
        api.delete_endpoint(EndpointName=name)
        deleted.wait(EndpointName=name, WaiterConfig=FAST)
    deleted.wait(EndpointName="never-made", WaiterConfig=FAST)
