"""How the targets of schedules are called: the templated ones, and any API of AWS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from localaws.core.context import Context
from localaws.services.targets import Addressed, find_by_arn

_UNIVERSAL: Final = "arn:aws:scheduler:::aws-sdk:"
# User guide, "universal targets": these operations are not supported.
_READING: Final = (
    "get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "view",
    "lookup", "discover", "validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet",
    "adminList", "testMigration", "retrieve", "testConnection", "translateDocument", "isAuthorized",
    "invokeModel",
)  # fmt: skip
# The names of Step Functions and EventBridge differ from those of botocore.
_SERVICES: Final = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}


@dataclass(frozen=True)
class Invocation(Addressed):
    """One invocation of a target."""

    target: dict[str, Any]
    text: str
    """What the target receives."""
    execution_id: str

    @property
    def document(self) -> dict[str, Any]:
        """The text as a JSON object; empty when it is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


Call = Callable[[Context, Invocation], None]


def _client(context: Context, service: str, invocation: Invocation) -> Any:
    return context.client(service, invocation.target["RoleArn"])


def _invoke_function(context: Context, invocation: Invocation) -> None:
    _client(context, "lambda", invocation).invoke(
        FunctionName=invocation.arn, InvocationType="Event", Payload=invocation.text.encode()
    )


def _start_execution(context: Context, invocation: Invocation) -> None:
    client = _client(context, "stepfunctions", invocation)
    try:
        # The same name for every attempt, so that a repeated one starts nothing twice.
        client.start_execution(
            stateMachineArn=invocation.arn, name=invocation.execution_id, input=invocation.text
        )
    except client.exceptions.ExecutionAlreadyExists:
        return


def _send_message(context: Context, invocation: Invocation) -> None:
    client = _client(context, "sqs", invocation)
    name = invocation.resource
    request = {
        "QueueUrl": client.get_queue_url(QueueName=name)["QueueUrl"],
        "MessageBody": invocation.text,
    }
    group = (invocation.target.get("SqsParameters") or {}).get("MessageGroupId")
    if group:
        request |= {"MessageGroupId": group, "MessageDeduplicationId": invocation.execution_id}
    client.send_message(**request)


def _publish(context: Context, invocation: Invocation) -> None:
    _client(context, "sns", invocation).publish(TopicArn=invocation.arn, Message=invocation.text)


def _start_pipeline(context: Context, invocation: Invocation) -> None:
    _client(context, "codepipeline", invocation).start_pipeline_execution(
        name=invocation.resource, clientRequestToken=invocation.execution_id
    )


def _start_build(context: Context, invocation: Invocation) -> None:
    _client(context, "codebuild", invocation).start_build(
        projectName=invocation.resource.removeprefix("project/"),
        idempotencyToken=invocation.execution_id,
        **invocation.document,
    )


def _put_event(context: Context, invocation: Invocation) -> None:
    parameters = invocation.target["EventBridgeParameters"]
    answer = _client(context, "events", invocation).put_events(
        Entries=[
            {
                "Source": parameters["Source"],
                "DetailType": parameters["DetailType"],
                "Detail": invocation.text,
                "EventBusName": invocation.arn,
            }
        ]
    )
    if answer.get("FailedEntryCount"):
        raise LookupError(answer["Entries"][0]["ErrorMessage"])


_TEMPLATED: Final[dict[tuple[str, str], Call]] = {
    ("lambda", "function:"): _invoke_function,
    ("states", "stateMachine:"): _start_execution,
    ("sqs", ""): _send_message,
    ("sns", ""): _publish,
    ("codepipeline", ""): _start_pipeline,
    ("codebuild", "project/"): _start_build,
    ("events", "event-bus/"): _put_event,
}
TARGET_TYPES: Final = (
    "Lambda functions, Step Functions state machines, SQS queues, SNS topics, CodePipeline pipelines, "
    "CodeBuild projects, event buses, and universal targets (arn:aws:scheduler:::aws-sdk:service:action)"
)


def call_for(arn: str) -> Call | None:
    """The function that calls a target; None when localaws does not call such a target."""
    if arn.startswith(_UNIVERSAL):
        return _call_api if api_operation(arn) else None
    return find_by_arn(_TEMPLATED, arn)


def api_operation(arn: str) -> tuple[str, str] | None:
    """botocore's names of the service and the operation of a universal target; None when there is none."""
    service, _, action = arn.removeprefix(_UNIVERSAL).partition(":")
    service = _SERVICES.get(service, service)
    name = action[:1].upper() + action[1:]
    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return None
    if action.startswith(_READING) or name not in model.operation_names:
        return None
    return service, name


def _call_api(context: Context, invocation: Invocation) -> None:
    found = api_operation(invocation.arn)
    assert found is not None
    service, name = found
    client = _client(context, service, invocation)
    shape = client.meta.service_model.operation_model(name).input_shape
    members = {member.lower(): member for member in (shape.members if shape else {})}
    # The members are in upper camel case, whatever the service itself has.
    params = {members.get(key.lower(), key): value for key, value in invocation.document.items()}
    getattr(client, xform_name(name))(**params)


def new_execution_id() -> str:
    """The id of an invocation."""
    return str(uuid.uuid4())
