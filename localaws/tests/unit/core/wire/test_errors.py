"""Each client reads the error of the gateway: botocore's own parsers are the judges."""

import io

import pytest
from botocore.parsers import create_parser

from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.core.errors import AwsError
from localaws.core.wire.errors import error_response
from localaws.core.wire.models import service_model

ERROR = AwsError("NotImplementedException", 'localaws does not run <a> & "b": \x00 \N{SNOWMAN}')
READ = ERROR.message.replace("\x00", "\N{REPLACEMENT CHARACTER}")
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
JSON = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ListQueues"}


def call(method="POST", path="/", headers=None, signed_for=None, query=None):
    headers = dict(headers or {})
    if signed_for:
        credential = f"k/20260101/eu-west-1/{signed_for}/aws4_request"
        headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host"
    return Call(method, path, query or {}, headers, RequestBody(io.BytesIO(), 0))


def read(response, protocol, service, operation):
    parser = create_parser(protocol)
    document = {
        "status_code": response.status,
        "headers": {name.lower(): value for name, value in response.headers.items()},
        "body": response.payload,
    }
    shape = service_model(service).operation_model(operation).output_shape
    return parser.parse(document, shape)["Error"]


@pytest.mark.parametrize(
    ("request_", "protocol", "service", "operation"),
    [
        (call(headers=FORM, signed_for="iam"), "query", "iam", "ListRoles"),
        (call(headers=FORM, signed_for="sts"), "query", "sts", "GetCallerIdentity"),
        (call(headers=FORM, signed_for="sns"), "query", "sns", "ListTopics"),
        (call(headers=FORM, signed_for="sqs"), "query", "sqs", "ListQueues"),
        (call(headers=FORM), "query", "sts", "AssumeRoleWithWebIdentity"),
        (call("GET", query={"Action": "ListUsers", "Version": "2010-05-08"}), "query", "iam", "ListUsers"),
        (call(headers=FORM, signed_for="ec2"), "ec2", "ec2", "DescribeVpcs"),
        (call("GET", "/bucket/key", signed_for="s3"), "rest-xml", "s3", "GetObject"),
        (call("PUT", "/bucket/key", FORM, signed_for="s3"), "rest-xml", "s3", "PutObject"),
        (call("GET", "/bucket/key"), "rest-xml", "s3", "GetObject"),
        (call("GET", "/2013-04-01/zone", signed_for="route53"), "rest-xml", "route53", "ListHostedZones"),
        (call("GET", "/v20180820/jobs", signed_for="s3"), "rest-xml", "s3control", "ListJobs"),
        (call(headers=JSON, signed_for="sqs"), "json", "sqs", "ListQueues"),
        (call(headers=JSON), "json", "sqs", "ListQueues"),
        (call("GET", "/2015-03-31/functions", signed_for="lambda"), "rest-json", "lambda", "ListFunctions"),
        (call(headers=CBOR, signed_for="monitoring"), "smithy-rpc-v2-cbor", "cloudwatch", "ListMetrics"),
        (call(headers=CBOR), "smithy-rpc-v2-cbor", "cloudwatch", "ListMetrics"),
    ],
)  # fmt: skip
def test_a_client_reads_code_and_message(request_, protocol, service, operation):
    error = read(error_response(ERROR, request_, "id-1"), protocol, service, operation)
    assert error["Code"] == "NotImplementedException"
    # JSON and CBOR carry every character, XML does not.
    assert error["Message"] in {ERROR.message, READ}


def test_a_presigned_request_is_one_of_its_service():
    query = {"X-Amz-Credential": "k/20260101/eu-west-1/s3/aws4_request"}
    presigned = call("GET", "/bucket/key", query=query)
    assert (presigned.signing_name, presigned.region) == ("s3", "eu-west-1")
    assert b"<Error><Code>" in error_response(ERROR, presigned, "id-1").payload


def test_the_answer_to_head_has_no_body():
    response = error_response(ERROR, call("HEAD", "/bucket/key", signed_for="s3"), "id-1")
    assert (response.status, response.payload) == (400, b"")


def test_the_request_has_an_id_and_json_keeps_its_version():
    response = error_response(ERROR, call(headers=JSON, signed_for="sqs"), "id-1")
    assert response.headers["x-amzn-RequestId"] == "id-1"
    assert response.headers["Content-Type"] == "application/x-amz-json-1.0"


@pytest.mark.parametrize("name", ["s3", "s3control", "cloudfront", "route53"])
def test_every_rest_xml_service_is_known(name):
    model = service_model(name)
    assert model.metadata["protocol"] == "rest-xml"
    response = error_response(ERROR, call("GET", "/x", signed_for=model.signing_name), "id-1")
    assert response.headers["Content-Type"] == "text/xml"
