"""Calls to targets: retries, dead letters, tokens."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.clock import Clock
from localaws.core.shared import SharedObjects, T
from localaws.services.eventbridge.delivery import MAX_ATTEMPTS, Deliverer
from localaws.services.eventbridge.targets import Delivery, call_for
from localaws.services.eventbridge.triggers import TriggeringRules, request_token

PIPELINE = "arn:aws:codepipeline:eu-west-1:123456789012:ml-core"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/on-upload"
EVENT: dict[str, Any] = {"id": "e-1", "detail-type": "Object Created", "detail": {}}


def error(code: str, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "Operation")


class FakeContext:
    """Clients that record their calls, of which the first raise the given errors."""

    account_id = "123456789012"

    def __init__(self, *errors: Exception) -> None:
        self.clock = Clock(1_000.0)
        self.errors = list(errors)
        self.calls: list[tuple[str, str | None, str, dict[str, Any]]] = []
        self.done = threading.Event()
        self._shared_objects = SharedObjects()

    def shared(self, kind: type[T]) -> T:
        return self._shared_objects.get(kind, self.account_id, "eu-west-1")

    def acting(self, source_arn: str) -> None:
        return None

    def client(self, service: str, role_arn: str | None = None, acting: Any = None) -> Any:
        return FakeClient(self, service, role_arn)


class FakeClient:
    def __init__(self, context: FakeContext, service: str, role_arn: str | None) -> None:
        self._context, self._service, self._role_arn = context, service, role_arn

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**params: Any) -> dict[str, Any]:
            if operation == "get_queue_url":
                return {"QueueUrl": f"url/{params['QueueName']}"}
            self._context.calls.append((self._service, self._role_arn, operation, params))
            if self._context.errors and self._service != "sqs":
                raise self._context.errors.pop(0)
            self._context.done.set()
            return {}

        return call


def deliver(context: FakeContext, **target: Any) -> None:
    text = target.pop("text", "{}")
    target = {"Id": "t", "Arn": PIPELINE} | target
    deliverer = Deliverer(context)  # type: ignore[arg-type]
    deliverer.submit(Delivery(RULE, target, EVENT, text, "arn:role"))
    assert context.done.wait(5)
    deliverer.close()


def test_a_pipeline_is_started_with_the_role_and_the_rule_as_its_trigger() -> None:
    context = FakeContext()
    deliver(context)
    ((service, role, operation, params),) = context.calls
    assert (service, role, operation) == ("codepipeline", "arn:role", "start_pipeline_execution")
    assert params["name"] == "ml-core"
    assert context.shared(TriggeringRules).rule_of(params["clientRequestToken"]) == RULE


def test_an_input_can_carry_variables_and_revisions() -> None:
    context = FakeContext()
    variables = [{"name": "UseCase", "value": "iris"}]
    deliver(context, text=json.dumps({"variables": variables, "other": 1}))
    assert context.calls[0][3]["variables"] == variables
    assert "other" not in context.calls[0][3]


def test_a_temporary_error_is_retried_with_the_same_token() -> None:
    context = FakeContext(error("ThrottlingException"), error("Anything", 500))
    deliver(context)
    tokens = {call[3]["clientRequestToken"] for call in context.calls}
    assert (len(context.calls), len(tokens)) == (3, 1)


@pytest.mark.parametrize(
    ("errors", "policy", "attempts"),
    [
        ([error("PipelineNotFoundException")], {}, 1),
        ([error("ThrottlingException")] * 99, {}, MAX_ATTEMPTS),
        ([error("ThrottlingException")] * 99, {"MaximumRetryAttempts": 1}, 2),
    ],
)
def test_giving_up_sends_the_event_to_the_dead_letter_queue(
    errors: list[Exception], policy: dict[str, int], attempts: int
) -> None:
    context = FakeContext(*errors)
    queue = "arn:aws:sqs:eu-west-1:123456789012:dead"
    deliver(context, RetryPolicy=policy, DeadLetterConfig={"Arn": queue})
    *tries, letter = context.calls
    assert len(tries) == attempts
    assert letter[2:] == ("send_message", letter[3])
    assert letter[3]["QueueUrl"] == "url/dead"
    assert json.loads(letter[3]["MessageBody"]) == EVENT
    attributes = {k: v["StringValue"] for k, v in letter[3]["MessageAttributes"].items()}
    assert attributes["RULE_ARN"] == RULE
    assert attributes["ERROR_CODE"] == errors[0].response["Error"]["Code"]  # type: ignore[attr-defined]
    assert attributes["RETRY_ATTEMPTS"] == str(attempts - 1)


@pytest.mark.parametrize(
    ("resource", "known"),
    [
        ("codepipeline:eu-west-1:123456789012:p", True),
        ("states:eu-west-1:123456789012:stateMachine:m", True),
        ("states:eu-west-1:123456789012:activity:a", False),
        ("lambda:eu-west-1:123456789012:function:f:live", True),
        ("logs:eu-west-1:123456789012:log-group:/g:*", True),
        ("events:eu-west-1:123456789012:event-bus/b", True),
        ("kinesis:eu-west-1:123456789012:stream/s", False),
        ("short", False),
    ],
)
def test_which_targets_are_known(resource: str, known: bool) -> None:
    assert (call_for(f"arn:aws:{resource}") is not None) is known


def test_a_token_is_the_same_for_a_repeated_delivery_only() -> None:
    token = request_token("e-1", RULE, "t")
    assert token == request_token("e-1", RULE, "t")
    assert token != request_token("e-1", RULE, "u")
    assert token != request_token("e-2", RULE, "t")


def test_rules_are_known_by_the_tokens_of_their_requests() -> None:
    rules = TriggeringRules()
    rules.record("token", RULE)
    assert rules.rule_of("token") == RULE
    assert rules.rule_of("unknown") is None
    assert rules.rule_of(None) is None


def test_the_oldest_of_a_thousand_tokens_is_forgotten() -> None:
    rules = TriggeringRules()
    for number in range(1_001):
        rules.record(str(number), RULE)
    assert rules.rule_of("0") is None
    assert rules.rule_of("1") == RULE
