"""Data capture: what an endpoint writes to S3 about its requests."""

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError

from server.sagemaker.client import BUCKET, variant, wait

DOUBLE = """
def answer(body, headers):
    if headers["Content-Type"] == "application/json":
        return b'{"ok": true}', "application/json"
    if headers["Content-Type"] == "text/csv":
        return b"1\\n2\\n", "text/csv; charset=utf-8"
    return bytes([0, 255]), None
"""


def capture(prefix, **more):
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{BUCKET}/{prefix}",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"],
        },
        **more,
    }  # fmt: skip


def captured(hasty, prefix, count):
    """The captured events, as soon as there are so many."""

    def read():
        keys = hasty.keys(prefix)
        return [json.loads(line) for key in keys for line in hasty.get(key).splitlines()]

    return wait(read, lambda events: len(events) >= count)


def test_requests_are_captured_as_lines_of_json(hasty):
    key = hasty.localaws.client("kms").create_key()["KeyMetadata"]["Arn"]
    prefix = hasty.name("capture")
    config = capture(f"{prefix}/", KmsKeyId=key)
    with hasty.serving(hasty.own_model(DOUBLE), DataCaptureConfig=config) as name:
        described = hasty.api.describe_endpoint(EndpointName=name)
        assert described["DataCaptureConfig"] == {
            "EnableCapture": True, "CaptureStatus": "Started", "CurrentSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/{prefix}/", "KmsKeyId": key,
        }  # fmt: skip
        for content_type, body in (
            ("text/csv", b"a,\xc3\xa9\n"), ("application/json", b"[1]"), ("image/png", b"\x89"),
        ):  # fmt: skip
            hasty.runtime.invoke_endpoint(
                EndpointName=name, Body=body, ContentType=content_type, InferenceId=f"id of {content_type}",
                CustomAttributes="trace=1",
            )  # fmt: skip
        events = captured(hasty, prefix, 3)
    first, second, third = (event["captureData"] for event in events)
    assert first == {
        "endpointInput": {
            "observedContentType": "text/csv", "mode": "INPUT", "data": "a,é\n", "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": "1\n2\n",
            "encoding": "CSV",
        },
    }  # fmt: skip
    assert [side["encoding"] for side in second.values()] == ["JSON", "JSON"]
    assert second["endpointInput"]["data"] == "[1]"
    assert [side["encoding"] for side in third.values()] == ["BASE64", "BASE64"]
    assert base64.b64decode(third["endpointOutput"]["data"]) == b"\x00\xff"
    metadata = events[0]["eventMetadata"]
    assert (metadata["inferenceId"], metadata["customAttributes"]) == (
        "id of text/csv",
        ["trace=1"],
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["inferenceTime"])
    assert len({event["eventMetadata"]["eventId"] for event in events}) == 3
    assert events[0]["eventVersion"] == "0"
    for key_of_file in hasty.keys(prefix):
        assert re.fullmatch(
            rf"{prefix}/{name}/AllTraffic/\d{{4}}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{{3}}-[0-9a-f-]{{36}}\.jsonl",
            key_of_file,
        )
        head = hasty.s3.head_object(Bucket=BUCKET, Key=key_of_file)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_sample_of_the_requests_in_one_mode(hasty):
    prefix = hasty.name("capture")
    config = capture(
        prefix, InitialSamplingPercentage=30, CaptureOptions=[{"CaptureMode": "Output"}]
    )
    del config["CaptureContentTypeHeader"]
    with hasty.serving(hasty.own_model(DOUBLE), DataCaptureConfig=config) as name:
        for _ in range(200):
            hasty.runtime.invoke_endpoint(EndpointName=name, Body=b"1", ContentType="text/csv")
    # The rest is written before the endpoint is gone.
    events = captured(hasty, prefix, 1)
    assert 25 < len(events) < 100
    assert {tuple(event["captureData"]) for event in events} == {("endpointOutput",)}
    assert events[0]["captureData"]["endpointOutput"]["encoding"] == "BASE64"
    assert set(events[0]["eventMetadata"]) == {"eventId", "inferenceTime"}


def test_a_destination_that_cannot_be_written_does_not_fail_a_request(hasty):
    config = capture("x", DestinationS3Uri="s3://no-such-bucket/x")
    with hasty.serving(hasty.own_model(DOUBLE), DataCaptureConfig=config) as name:
        hasty.runtime.invoke_endpoint(EndpointName=name, Body=b"1", ContentType="text/csv")

        def reported():
            return hasty.logs.filter_log_events(
                logGroupName=f"/aws/sagemaker/Endpoints/{name}", filterPattern="NoSuchBucket"
            )["events"]

        events = wait(reported, bool)
    assert "1 captured request(s) were not written" in events[0]["message"]
    assert events[0]["logStreamName"] == "data-capture"


def test_an_update_may_keep_the_capture_of_the_endpoint(hasty):
    model, prefix = hasty.own_model(DOUBLE), hasty.name("capture")
    without = hasty.config(model)
    with hasty.serving([variant("variant-0", model)], DataCaptureConfig=capture(prefix)) as name:
        hasty.api.update_endpoint(
            EndpointName=name, EndpointConfigName=without, RetainAllVariantProperties=True
        )
        retained = hasty.endpoint_settled(name)
        hasty.api.update_endpoint(
            EndpointName=name,
            EndpointConfigName=without,
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DataCaptureConfig"}],
        )
        excluded = hasty.endpoint_settled(name)
    assert retained["DataCaptureConfig"]["CaptureStatus"] == "Started"
    assert "DataCaptureConfig" not in excluded


def test_a_destination_outside_s3_is_refused(hasty):
    with pytest.raises(ClientError, match="must be an S3 URI"):
        hasty.api.create_endpoint_config(
            EndpointConfigName="x",
            ProductionVariants=[variant("v", hasty.own_model(DOUBLE))],
            DataCaptureConfig=capture("x", DestinationS3Uri="https://bucket/x"),
        )
