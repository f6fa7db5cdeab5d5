"""Each protocol of CloudWatch: botocore's own serializers and parsers are the judges."""

import gzip
import io
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.core.errors import AwsError
from localaws.core.wire import cbor
from localaws.core.wire.errors import error_response
from localaws.core.wire.models import service_model
from localaws.core.wire.parse import parse
from localaws.core.wire.protocol import operation_name, protocol_of
from localaws.core.wire.serialize import serialize_response

PROTOCOLS = ("query", "json", "smithy-rpc-v2-cbor")
MOMENT = datetime(2026, 5, 1, 8, 0, 0, 250_000, tzinfo=UTC)
DATA = {
    "Namespace": "A & <B>",
    "MetricData": [
        {
            "MetricName": "Zeit \N{SNOWMAN}",
            "Dimensions": [{"Name": "d", "Value": "1"}, {"Name": "e", "Value": "2"}],
            "Timestamp": MOMENT.replace(microsecond=0),
            "Values": [1.5, -2.0],
            "Counts": [3.0, 1.0],
            "StorageResolution": 1,
        },
        {"MetricName": "n", "Value": 1e300},
    ],
    "StrictEntityValidation": False,
}
ALARMS = {
    "MetricAlarms": [
        {
            "AlarmName": "a < b",
            "ActionsEnabled": True,
            "OKActions": [],
            "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:t"],
            "StateUpdatedTimestamp": MOMENT,
            "Threshold": 5,
            "EvaluationPeriods": 2,
            "Dimensions": [{"Name": "d", "Value": "x"}],
        }
    ],
    "NextToken": None,
}


def operation(name):
    return service_model("cloudwatch").operation_model(name)


def call(protocol, name, params):
    request = create_serializer(protocol).serialize_to_request(params, operation(name))
    headers = {key.lower(): value for key, value in request["headers"].items()}
    body = request["body"]
    if isinstance(body, dict):
        body = urlencode(body)
        headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
    data = body.encode() if isinstance(body, str) else body
    stream = RequestBody(io.BytesIO(data), len(data))
    return Call(request["method"], request["url_path"], {}, headers, stream)


def read(response, protocol, name):
    document = {
        "status_code": response.status,
        "headers": {key.lower(): value for key, value in response.headers.items()},
        "body": response.payload,
    }
    return create_parser(protocol).parse(document, operation(name).output_shape)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_is_read(protocol):
    request = call(protocol, "PutMetricData", DATA)
    assert protocol_of(request).value == protocol
    assert parse(operation("PutMetricData"), request) == DATA
    if protocol != "json":
        assert operation_name(request, protocol_of(request)) == "PutMetricData"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_response_is_understood(protocol):
    request = call(protocol, "DescribeAlarms", {})
    response = serialize_response(
        operation("DescribeAlarms"), ALARMS, protocol_of(request), "request-1"
    )
    found = read(response, protocol, "DescribeAlarms")
    assert found["MetricAlarms"] == ALARMS["MetricAlarms"]
    if protocol == "query":
        assert found["ResponseMetadata"]["RequestId"] == "request-1"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_operation_without_output(protocol):
    request = call(protocol, "PutMetricData", DATA)
    response = serialize_response(operation("PutMetricData"), {}, protocol_of(request), "r")
    assert response.status == 200
    read(response, protocol, "PutMetricData")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_error_has_the_code_of_the_protocol_query(protocol):
    request = call(protocol, "PutMetricData", DATA)
    if protocol != "query":
        request.headers["x-amzn-query-mode"] = "true"
    error = AwsError("InvalidParameterValue", "no", shape="InvalidParameterValueException")
    found = read(error_response(error, request, "r"), protocol, "PutMetricData")
    assert found["Error"]["Code"] == "InvalidParameterValue"
    assert found["Error"]["Message"] == "no"


def test_a_compressed_body_is_unpacked():
    request = call("json", "PutMetricData", DATA)
    packed = gzip.compress(request.body.content())
    headers = {**request.headers, "content-encoding": "gzip"}
    compressed = Call("POST", "/", {}, headers, RequestBody(io.BytesIO(packed), len(packed)))
    assert parse(operation("PutMetricData"), compressed) == DATA
    broken = Call("POST", "/", {}, headers, RequestBody(io.BytesIO(b"{}"), 2))
    with pytest.raises(AwsError, match="not gzip"):
        parse(operation("PutMetricData"), broken)


def test_numbers_that_json_lacks():
    headers = {"x-amz-target": "GraniteServiceVersion20100801.PutMetricData"}
    body = b'{"Namespace": "A", "MetricData": [{"MetricName": "m", "Value": "NaN"}]}'
    request = Call("POST", "/", {}, headers, RequestBody(io.BytesIO(body), len(body)))
    value = parse(operation("PutMetricData"), request)["MetricData"][0]["Value"]
    assert value != value


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        23,
        24,
        -1,
        -500,
        2**40,
        1.5,
        "text",
        b"bytes",
        [1, [2]],
        {"a": {"b": []}},
        MOMENT,
    ],
)
def test_cbor_there_and_back(value):
    assert cbor.decode(cbor.encode(value)) == value


def test_cbor_of_indefinite_length():
    assert cbor.decode(b"\xbf\x61a\x9f\x01\x02\xff\x61b\x7f\x61x\x61y\xff\xff") == {
        "a": [1, 2],
        "b": "xy",
    }
    assert cbor.decode(b"\xf9\x3c\x00") == 1.0


@pytest.mark.parametrize(
    "data",
    [b"", b"\x82\x01", b"\x01\x01", b"\xff", b"\xa1\x01\x02", b"\xdb" * 9, b"\x62a", b"\x81" * 99],
)
def test_what_is_not_cbor(data):
    with pytest.raises(cbor.CborError):
        cbor.decode(data)


def test_a_number_of_a_form_is_a_number():
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = b"Action=DescribeAlarms&Version=2010-08-01&MaxRecords=many"
    request = Call("POST", "/", {}, headers, RequestBody(io.BytesIO(body), len(body)))
    with pytest.raises(AwsError, match="MaxRecords is 'many', but must be a number"):
        parse(operation("DescribeAlarms"), request)
