import io
from datetime import UTC, datetime

import pytest

from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.core.errors import AwsError
from localaws.core.wire.models import find_rest_operation, service_model
from localaws.core.wire.parse import parse

START = service_model("codepipeline").operation_model("StartPipelineExecution")


def call(body, path="/", headers=None):
    return Call("POST", path, {}, headers or {}, RequestBody(io.BytesIO(body), len(body)))


def test_members_that_the_model_lacks_are_ignored_as_aws_does():
    assert parse(START, call(b'{"name": "p", "newerThanThis": 1}')) == {"name": "p"}


def test_null_counts_as_absent():
    assert parse(START, call(b'{"name": "p", "variables": null}')) == {"name": "p"}


@pytest.mark.parametrize("value", ["1700000000", "1700000000.0", '"2023-11-14T22:13:20Z"'])
def test_timestamps_become_aware_datetimes(value):
    operation = service_model("logs").operation_model("DescribeLogStreams")
    assert operation.input_shape
    listing = service_model("sagemaker").operation_model("ListTrainingJobs")
    parsed = parse(listing, call(f'{{"CreationTimeAfter": {value}}}'.encode()))
    assert parsed == {"CreationTimeAfter": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "Start of structure"),
        (b'{"name": 7}', "name: expected a string, found int"),
        (b'{"name": "p", "variables": {}}', "variables: expected a list, found dict"),
        (b'{"name": "p", "variables": [{"name": []}]}', "variables.1.name: expected a string"),
    ],
)
def test_what_is_not_of_the_models_type_is_named(body, message):
    with pytest.raises(AwsError) as caught:
        parse(START, call(body))
    assert caught.value.code == "SerializationException"
    assert message in caught.value.message


def test_rest_members_come_from_path_headers_and_body():
    operation = find_rest_operation("sagemaker-runtime", "POST", "/endpoints/a%2Db/invocations")
    assert operation is not None
    headers = {"content-type": "text/csv", "x-amzn-sagemaker-target-variant": "blue"}
    parsed = parse(operation, call(b"1,2", "/endpoints/a%2Db/invocations", headers))
    assert parsed == {
        "EndpointName": "a-b",
        "ContentType": "text/csv",
        "TargetVariant": "blue",
        "Body": b"1,2",
    }


def test_a_list_in_the_query_has_its_name_several_times():
    operation = service_model("scheduler").operation_model("UntagResource")
    query = "TagKeys=a&TagKeys=b%20c"
    body = RequestBody(io.BytesIO(), 0)
    request = Call("DELETE", "/tags/arn%3Ax", {"TagKeys": "b c"}, {}, body, query)
    assert parse(operation, request) == {"ResourceArn": "arn:x", "TagKeys": ["a", "b c"]}


def test_a_path_that_no_operation_has_is_not_found():
    assert find_rest_operation("sagemaker-runtime", "GET", "/endpoints/a/invocations") is None
