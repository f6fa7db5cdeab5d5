"""Send the record of an asynchronous invocation to a destination or a dead-letter queue."""

from __future__ import annotations

import json
from typing import Any

from localaws.core.context import Context


def deliver(context: Context, arn: str, role_arn: str, record: Any) -> None:
    """Send ``record`` to a queue, topic, function or event bus, with the role of the function.

    Raises:
        ValueError: the ARN is that of another service.
        botocore.exceptions.ClientError: the destination refused it.
    """
    service, resource = arn.split(":")[2], arn.split(":", 5)[5]
    body = json.dumps(record)
    if service == "sqs":
        client = context.client("sqs", role_arn)
        url = client.get_queue_url(QueueName=resource)["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody=body)
    elif service == "sns":
        context.client("sns", role_arn).publish(TopicArn=arn, Message=body)
    elif service == "lambda":
        context.client("lambda", role_arn).invoke(
            FunctionName=arn, InvocationType="Event", Payload=body.encode()
        )
    elif service == "events":
        success = record["requestContext"]["condition"] == "Success"
        kind = "Success" if success else "Failure"
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {kind}",
            "Detail": body,
            "EventBusName": arn,
            "Resources": [record["requestContext"]["functionArn"], arn],
        }
        context.client("events", role_arn).put_events(Entries=[entry])
    else:
        raise ValueError(
            f"{arn} cannot be a destination: allowed are queues, topics, functions and event buses"
        )
