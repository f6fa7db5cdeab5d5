"""InvokeEndpoint: the request that a container gets, and the errors of AWS."""

import contextlib

import pytest

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from localaws.core.shared import SharedObjects
from localaws.services.sagemaker.endpoints.fleet import Lease
from localaws.services.sagemaker.endpoints.plan import FleetPlan
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.serving.http import Answer, NoAnswerError
from localaws.services.sagemaker.serving.plan import ContainerPlan, ServingPlan
from localaws.services.sagemaker_runtime.provider import MAX_BODY_BYTES, SageMakerRuntimeProvider

ACCOUNT, REGION = "000000000001", "eu-test-1"


class FakeContext:
    account_id, region = ACCOUNT, REGION

    def __init__(self):
        self.clock = Clock()
        self._objects = SharedObjects()
        self.routes = self.shared(EndpointRoutes)

    def shared(self, kind):
        return self._objects.get(kind, ACCOUNT, REGION)

    def arn(self, service, resource):
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class FakeInstance:
    variant = "AllTraffic"

    def __init__(self, *answers):
        self.answers = list(answers)
        self.seen = []

    def invoke(self, body, headers, seconds, target_container=None):
        self.seen.append((body, dict(headers), seconds))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeFleet:
    config_name, capture, shadows = "config", None, ()
    plan = FleetPlan("config", [], {"AllTraffic": ServingPlan((ContainerPlan(None),))})

    def __init__(self, instance):
        self.instance = instance

    def hold(self):
        pass

    def release(self):
        pass

    @contextlib.contextmanager
    def lease(self, target_variant, seconds):
        yield Lease(self, self.instance, 2)


@pytest.fixture
def invoke():
    def run(instance, **params):
        context = FakeContext()
        context.routes.route("e", FakeFleet(instance))
        return SageMakerRuntimeProvider(context).invoke_endpoint({"EndpointName": "e", **params})

    return run


def test_headers_go_both_ways(invoke):
    headers = {"content-type": "text/csv", "x-amzn-sagemaker-custom-attributes": "c=2"}
    instance = FakeInstance(Answer(200, headers, b"1\n"))
    answer = invoke(
        instance,
        Body=b"0\n",
        ContentType="text/csv",
        Accept="text/csv",
        CustomAttributes="c=1",
        InferenceId="i",
    )
    assert answer == {
        "Body": b"1\n", "ContentType": "text/csv", "InvokedProductionVariant": "AllTraffic",
        "CustomAttributes": "c=2",
    }  # fmt: skip
    body, sent, seconds = instance.seen[0]
    assert (body, seconds) == (b"0\n", 60.0)
    assert sent == {
        "Content-Type": "text/csv", "Accept": "text/csv", "X-Amzn-SageMaker-Custom-Attributes": "c=1",
        "X-Amzn-SageMaker-Inference-Id": "i",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "status", "original", "kind"),
    [
        (Answer(415, {}, b"send CSV"), 415, "send CSV", "client"),
        (Answer(503, {}, b"\xff"), 503, "\ufffd", "server"),
        (
            NoAnswerError("late", sent=True, timed_out=True),
            0,
            "Your invocation timed out",
            "server",
        ),
        (NoAnswerError("closed", sent=True), 0, "the model process exited", "server"),
    ],
)
def test_model_errors(invoke, answer, status, original, kind):
    with pytest.raises(AwsError) as raised:
        invoke(FakeInstance(answer), Body=b"x")
    error = raised.value
    assert (error.code, error.status) == ("ModelError", 424)
    assert error.fields["OriginalStatusCode"] == status
    assert original in error.fields["OriginalMessage"]
    assert (
        error.fields["LogStreamArn"]
        == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/Endpoints/e"
    )
    assert error.message.startswith(f"Received {kind} error ({status}) from primary with message")


def test_a_request_that_was_not_sent_is_sent_again(invoke):
    instance = FakeInstance(NoAnswerError("refused", sent=False), Answer(200, {}, b"ok"))
    assert invoke(instance, Body=b"x")["Body"] == b"ok"


def test_a_request_that_may_have_been_seen_is_not(invoke):
    instance = FakeInstance(NoAnswerError("closed", sent=True), Answer(200, {}, b"ok"))
    with pytest.raises(AwsError):
        invoke(instance, Body=b"x")
    assert len(instance.answers) == 1


def test_the_body_limit(invoke):
    assert invoke(FakeInstance(Answer(200, {}, b"")), Body=b"x" * MAX_BODY_BYTES)["Body"] == b""
    with pytest.raises(AwsError, match="6291456") as raised:
        invoke(FakeInstance(), Body=b"x" * (MAX_BODY_BYTES + 1))
    assert raised.value.code == "ValidationError"


def test_what_is_not_emulated_is_named(invoke):
    with pytest.raises(AwsError, match="TargetModel='a'"):
        invoke(FakeInstance(), Body=b"x", TargetModel="a")


def test_an_unknown_endpoint(invoke):
    with pytest.raises(AwsError, match=f"Endpoint other of account {ACCOUNT} not found") as raised:
        SageMakerRuntimeProvider(FakeContext()).invoke_endpoint({"EndpointName": "other"})
    assert raised.value.code == "ValidationError"
