import io
import json
import re

import pytest

from localaws.core.call import Response
from localaws.core.errors import AwsError
from localaws.core.gateway import Gateway
from localaws.core.provider import ALL_OTHERS, Provider, operation
from localaws.core.web import WebRoute
from localaws.core.wsgi import read_call, send


class FakePipelines(Provider):
    service_name = "codepipeline"
    delegated = frozenset({"ListPipelines"})

    @operation
    def get_pipeline_execution(self, params):
        if params["pipelineName"] == "missing":
            raise AwsError(
                "PipelineNotFoundException", "no pipeline 'missing'", fields={"hint": "x"}
            )
        if params["pipelineName"] == "faulty":
            raise RuntimeError("a bug")
        return {"pipelineExecution": {"pipelineName": params["pipelineName"]}}


class FakeEverythingElse(FakePipelines):
    delegated = ALL_OTHERS


def moto(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [b"moto got " + body]


def gateway_with(provider):
    services = {"codepipeline": provider}
    return Gateway(moto, lambda account, region, service: (account, region, service), services)


@pytest.fixture
def gateway():
    return gateway_with(FakePipelines)


def call(gateway, operation, document, service="codepipeline", target="CodePipeline_20150709"):
    body = json.dumps(document).encode()
    answer = {}
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_AUTHORIZATION": f"AWS4 Credential=k/20260101/eu-west-1/{service}/aws4_request, S",
        "HTTP_X_AMZ_TARGET": f"{target}.{operation}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    chunks = gateway.answer(
        read_call(environ),
        environ,
        lambda status, headers, exc_info=None: answer.update(status=status, headers=dict(headers)),
    )
    return int(answer["status"][:3]), answer["headers"], b"".join(chunks)


EXECUTION = {"pipelineExecutionId": "01234567-0123-4123-8123-0123456789ab"}


class FakeConnections(Provider):
    service_name = "codeconnections"

    @operation
    def delete_connection(self, params):
        return {}


@pytest.mark.parametrize("namespace", ["com.amazonaws.codeconnections.", ""])
def test_a_target_may_lack_the_namespace_of_the_service(namespace):
    gateway = Gateway(
        moto, lambda account, region, service: None, {"codeconnections": FakeConnections}
    )
    arn = "arn:aws:codeconnections:eu-west-1:123456789012:connection/x"
    status, _, body = call(
        gateway, "DeleteConnection", {"ConnectionArn": arn}, "codeconnections",
        f"{namespace}CodeConnections_20231201",
    )  # fmt: skip
    assert (status, body) == (200, b"{}")


def test_our_operation_runs_with_parsed_input(gateway):
    status, headers, body = call(
        gateway, "GetPipelineExecution", {"pipelineName": "p", **EXECUTION}
    )
    assert status == 200
    assert json.loads(body) == {"pipelineExecution": {"pipelineName": "p"}}
    assert headers["x-amzn-RequestId"]


def test_an_aws_error_keeps_its_code_message_and_fields(gateway):
    status, headers, body = call(
        gateway, "GetPipelineExecution", {"pipelineName": "missing", **EXECUTION}
    )
    document = json.loads(body)
    assert (status, headers["x-amzn-ErrorType"]) == (400, "PipelineNotFoundException")
    assert document["__type"] == "PipelineNotFoundException"
    assert document["message"] == "no pipeline 'missing'"
    assert document["hint"] == "x"


def test_bad_input_never_reaches_the_service(gateway):
    status, _, body = call(gateway, "GetPipelineExecution", {"pipelineName": "!"})
    assert status == 400
    assert json.loads(body)["__type"] == "ValidationException"


def test_an_operation_that_is_not_emulated_is_refused_by_name(gateway):
    status, _, body = call(gateway, "ListWebhooks", {})
    assert status == 400
    assert json.loads(body)["__type"] == "NotImplementedException"
    assert "codepipeline:ListWebhooks" in json.loads(body)["message"]


def test_an_operation_that_does_not_exist_is_refused(gateway):
    status, _, body = call(gateway, "DoMagic", {})
    assert status == 400
    assert json.loads(body)["__type"] == "UnknownOperationException"


def test_a_delegated_operation_is_validated_and_left_to_moto(gateway):
    assert call(gateway, "ListPipelines", {"maxResults": 5})[2] == b'moto got {"maxResults": 5}'
    assert json.loads(call(gateway, "ListPipelines", {"maxResults": 0})[2])["__type"] == (
        "ValidationException"
    )


def test_a_service_can_leave_everything_else_to_moto():
    gateway = gateway_with(FakeEverythingElse)
    assert call(gateway, "ListWebhooks", {})[2] == b"moto got {}"


def test_a_fault_of_ours_answers_400_so_that_no_sdk_retries_it(gateway, caplog):
    status, _, body = call(gateway, "GetPipelineExecution", {"pipelineName": "faulty", **EXECUTION})
    assert status == 400
    assert json.loads(body)["__type"] == "LocalAwsFault"
    assert "a bug" in caplog.text


def test_other_services_are_motos(gateway):
    assert call(gateway, "CreateKey", {}, "kms", "TrentService")[2] == b"moto got {}"


def test_helpers_of_the_base_class_are_not_operations():
    provider = FakePipelines(None)
    assert provider.operation("close") is None
    assert provider.operation("_secret") is None


def get(gateway, path, **headers):
    answer = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.input": io.BytesIO(), **headers}
    chunks = gateway.answer(
        read_call(environ),
        environ,
        lambda status, headers, exc_info=None: answer.update(status=status),
    )
    return answer["status"], b"".join(chunks)


def test_a_route_answers_unsigned_requests_with_its_path():
    created = []

    def create(context_factory):
        created.append(context_factory)
        return lambda call, start_response: send(
            Response(200, {}, f"application: {call.path}".encode()), start_response
        )

    gateway = Gateway(moto, "factory", {}, (WebRoute(re.compile("/v2/"), create),))
    assert get(gateway, "/v2/_catalog") == ("200 OK", b"application: /v2/_catalog")
    assert get(gateway, "/v2/") == ("200 OK", b"application: /v2/")
    assert created == ["factory"]
    assert get(gateway, "/other/v2/") == ("200 OK", b"moto got ")
    signature = "AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/lambda/aws4_request, S"
    assert get(gateway, "/v2/_catalog", HTTP_AUTHORIZATION=signature) == ("200 OK", b"moto got ")


def test_an_application_refuses_as_an_operation_does():
    def refuse(call, start_response):
        raise AwsError("AccessDenied", "not you", status=403)

    gateway = Gateway(moto, None, {}, (WebRoute(re.compile("/v2/"), lambda _: refuse),))
    status, body = get(gateway, "/v2/")
    assert status.startswith("403")
    assert b"not you" in body
