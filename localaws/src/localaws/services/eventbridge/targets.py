"""How the targets of each service are called."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.core.context import Context
from localaws.services.eventbridge import bus
from localaws.services.eventbridge.triggers import TriggeringRules, request_token
from localaws.services.targets import Addressed, find_by_arn


@dataclass(frozen=True)
class Delivery(Addressed):
    """One event on its way to one target."""

    rule_arn: str
    target: dict[str, Any]
    event: dict[str, Any]
    text: str
    """What the target receives."""
    role_arn: str | None = None

    @property
    def token(self) -> str:
        """The same for every attempt, so that a repeated delivery starts nothing twice."""
        return request_token(self.event["id"], self.rule_arn, self.target["Id"])


def _client(context: Context, service: str, delivery: Delivery) -> Any:
    """A client with the role of the target; without one, EventBridge calls as itself for the rule."""
    return context.client(service, delivery.role_arn, acting=context.acting(delivery.rule_arn))


def queue_url(context: Context, name: str) -> str:
    """The URL of a queue. EventBridge knows it; asking for it is no call of the rule."""
    return str(context.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def start_pipeline(context: Context, delivery: Delivery) -> None:
    """CodePipeline. As on AWS, the input may set variables and source revisions."""
    request: dict[str, Any] = {"name": delivery.resource}
    given = _object(delivery.text)
    for name in ("variables", "sourceRevisions"):
        if isinstance(given.get(name), list):
            request[name] = given[name]
    request["clientRequestToken"] = delivery.token
    context.shared(TriggeringRules).record(delivery.token, delivery.rule_arn)
    client = _client(context, "codepipeline", delivery)
    client.start_pipeline_execution(**request)


def start_execution(context: Context, delivery: Delivery) -> None:
    """Step Functions."""
    client = _client(context, "stepfunctions", delivery)
    try:
        # EventBridge names an execution after the event.
        client.start_execution(
            stateMachineArn=delivery.arn, name=delivery.token[:80], input=delivery.text
        )
    except client.exceptions.ExecutionAlreadyExists:
        return


def invoke_function(context: Context, delivery: Delivery) -> None:
    """Lambda, asynchronously: the function's own retries apply."""
    _client(context, "lambda", delivery).invoke(
        FunctionName=delivery.arn, InvocationType="Event", Payload=delivery.text.encode()
    )


def publish_message(context: Context, delivery: Delivery) -> None:
    """SNS."""
    _client(context, "sns", delivery).publish(TopicArn=delivery.arn, Message=delivery.text)


def send_message(context: Context, delivery: Delivery) -> None:
    """SQS."""
    client = _client(context, "sqs", delivery)
    request = {
        "QueueUrl": queue_url(context, delivery.resource),
        "MessageBody": delivery.text,
    }
    group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
    if group:
        request["MessageGroupId"] = group
    client.send_message(**request)


def write_log(context: Context, delivery: Delivery) -> None:
    """CloudWatch Logs: one stream for each event."""
    client = _client(context, "logs", delivery)
    group = delivery.resource.removeprefix("log-group:").removesuffix(":*")
    stream = str(uuid.uuid4())
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    client.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": int(time.time() * 1000), "message": delivery.text}],
    )


def forward(context: Context, delivery: Delivery) -> None:
    """Another bus: the event keeps its id, source and account."""
    region, account_id = delivery.arn.split(":")[3:5]
    # AWS does not forward an event a second time, which rules out loops between buses.
    if delivery.event.get("account") == context.account_id:
        name = delivery.resource.removeprefix("event-bus/")
        bus.dispatch(account_id, region, delivery.event, name)


Call = Callable[[Context, Delivery], None]
_CALLS: dict[tuple[str, str], Call] = {
    ("codepipeline", ""): start_pipeline,
    ("states", "stateMachine:"): start_execution,
    ("lambda", "function:"): invoke_function,
    ("sns", ""): publish_message,
    ("sqs", ""): send_message,
    ("logs", "log-group:"): write_log,
    ("events", "event-bus/"): forward,
}
TARGET_TYPES = (
    "CodePipeline pipelines, Step Functions state machines, Lambda functions, SNS topics, SQS queues, "
    "CloudWatch log groups and event buses"
)


def call_for(arn: str) -> Call | None:
    """The function that calls a target; None when localaws does not deliver to such a target."""
    return find_by_arn(_CALLS, arn)


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
