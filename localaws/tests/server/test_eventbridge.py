"""Events reach their targets, in AWS's shape."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from waiting import eventually
from zips import make_zip

Aws = Callable[..., Any]
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"


def unique(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


class Inbox:
    """A queue as the target of a rule, to see what arrives."""

    def __init__(self, aws: Aws) -> None:
        self._sqs = aws("sqs")
        self._events = aws("events")
        self.name = unique("inbox")
        self.url = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{self.name}"

    def subscribe(self, pattern: Any, state: str = "ENABLED", **target: Any) -> str:
        name = unique("rule")
        rule = self._events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)
        self._events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": self.arn} | target])
        return str(rule["RuleArn"])

    def receive(self, count: int = 1, seconds: float = 8.0) -> list[Any]:
        found: list[str] = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            answer = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            found += [message["Body"] for message in answer.get("Messages", [])]
            time.sleep(0.03)
        return [json.loads(body) for body in found]

    def is_empty(self) -> bool:
        time.sleep(0.4)
        return not self._sqs.receive_message(QueueUrl=self.url).get("Messages")


@pytest.fixture
def inbox(aws: Aws) -> Inbox:
    return Inbox(aws)


def put(aws: Aws, source: str, detail: Any, detail_type: str = "Something") -> str:
    answer = aws("events").put_events(
        Entries=[{"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}]
    )
    assert answer["FailedEntryCount"] == 0, answer
    return str(answer["Entries"][0]["EventId"])


@pytest.fixture
def bucket(aws: Aws) -> str:
    name = unique("bucket")
    s3 = aws("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return name


def created(bucket: str) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": ["config/manifest.json"]}},
    }


def test_an_event_has_the_envelope_of_eventbridge(aws: Aws, inbox: Inbox) -> None:
    source = unique("team")
    inbox.subscribe({"source": [source]})
    event_id = put(aws, source, {"a": {"b": 1}})
    (event,) = inbox.receive()
    assert list(event) == [
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    ]  # fmt: skip
    assert (event["version"], event["id"], event["account"]) == ("0", event_id, ACCOUNT)
    assert (event["detail-type"], event["region"]) == ("Something", "eu-west-1")
    assert event["detail"] == {"a": {"b": 1}}
    assert event["time"][10] == "T" and event["time"][-1] == "Z"


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ({"state": ["FAILED", "STOPPED"]}, {"state": "FAILED"}, {"state": "STARTED"}),
        ({"name": [{"prefix": "ml-"}]}, {"name": "ml-core"}, {"name": "core-ml-"}),
        ({"name": [{"suffix": ".json"}]}, {"name": "a.json"}, {"name": "a.csv"}),
        ({"state": [{"anything-but": ["A", "B"]}]}, {"state": "C"}, {"state": "B"}),
        ({"n": [{"anything-but": {"prefix": "x"}}]}, {"n": "yx"}, {"n": "xy"}),
        ({"value": [{"numeric": [">", 0, "<=", 5]}]}, {"value": 5}, {"value": 5.1}),
        ({"error": [{"exists": True}]}, {"error": None}, {}),
        ({"error": [{"exists": False}]}, {}, {"error": "x"}),
        ({"a": {"b": {"c": [1]}}}, {"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}),
        ({"list": ["x"]}, {"list": ["y", "x"]}, {"list": ["y"]}),
        ({"$or": [{"a": [1]}, {"b": [1]}]}, {"b": 1}, {"a": 2}),
    ],
)
def test_patterns(aws: Aws, inbox: Inbox, pattern: Any, matching: Any, other: Any) -> None:
    source = unique("team")
    inbox.subscribe({"source": [source], "detail": pattern})
    put(aws, source, other)
    put(aws, source, matching)
    assert [event["detail"] for event in inbox.receive()] == [matching]


def test_a_pattern_can_be_tried(aws: Aws) -> None:
    event = json.dumps({"source": "a", "detail": {"n": 1}})
    for source, expected in (("a", True), ("b", False)):
        pattern = json.dumps({"source": [source]})
        answer = aws("events").test_event_pattern(EventPattern=pattern, Event=event)
        assert answer["Result"] is expected


def test_a_disabled_rule_and_a_schedule_receive_nothing(aws: Aws, inbox: Inbox) -> None:
    source = unique("team")
    inbox.subscribe({"source": [source]}, state="DISABLED")
    name = unique("schedule")
    aws("events").put_rule(Name=name, ScheduleExpression="rate(1 day)")
    aws("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": inbox.arn}])
    put(aws, source, {"a": 1})
    assert inbox.is_empty()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail.bucket"}, {"name": "b"}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"key": "$.detail.key", "bucket": "$.detail.bucket"},
                    "InputTemplate": '{"bucket": <bucket>, "uri": "s3://b/<key>", "key": <key>}',
                }
            },
            {"bucket": {"name": "b"}, "uri": 's3://b/k"1', "key": 'k"1'},
        ),
    ],
)
def test_the_input_of_a_target(aws: Aws, inbox: Inbox, settings: Any, expected: Any) -> None:
    source = unique("team")
    inbox.subscribe({"source": [source]}, **settings)
    put(aws, source, {"bucket": {"name": "b"}, "key": 'k"1'})
    assert inbox.receive() == [expected]


def test_entries_are_refused_one_by_one(aws: Aws) -> None:
    entries = [
        {"Source": "team", "DetailType": "t", "Detail": "{}"},
        {"Source": "aws.s3", "DetailType": "t", "Detail": "{}"},
        {"Source": "team", "DetailType": "t", "Detail": "[1]"},
        {"Source": "team", "DetailType": "t"},
    ]
    answer = aws("events").put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 3
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None, "NotAuthorizedForSourceException", "MalformedDetail", "InvalidArgument",
    ]  # fmt: skip


def test_an_object_of_s3(aws: Aws, inbox: Inbox, bucket: str) -> None:
    inbox.subscribe(created(bucket))
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="config/other.json", Body=b"{}")
    answer = s3.put_object(Bucket=bucket, Key="config/manifest.json", Body=b"{}")
    (event,) = inbox.receive()
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert (event["version"], event["source"]) == ("0", "aws.s3")
    assert uuid.UUID(event["id"])
    detail = event["detail"]
    sequencer = detail["object"].pop("sequencer")
    assert int(sequencer, 16) > 0
    assert detail["object"] == {
        "key": "config/manifest.json",
        "size": 2,
        "etag": answer["ETag"].strip('"'),
        "version-id": answer["VersionId"],
    }
    assert detail["bucket"] == {"name": bucket}
    assert (detail["version"], detail["reason"]) == ("0", "PutObject")
    assert detail["requester"] == ACCOUNT


def test_the_reason_of_an_object_of_s3(aws: Aws, inbox: Inbox, bucket: str) -> None:
    pattern = created(bucket)
    pattern["detail"].pop("object")
    inbox.subscribe(pattern)
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="source", Body=b"x")
    assert inbox.receive()[0]["detail"]["reason"] == "PutObject"
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "source"})
    assert inbox.receive()[0]["detail"]["reason"] == "CopyObject"
    upload = s3.create_multipart_upload(Bucket=bucket, Key="large")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="large", UploadId=upload, PartNumber=1, Body=b"y" * 10)
    s3.complete_multipart_upload(
        Bucket=bucket, Key="large", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )  # fmt: skip
    (event,) = inbox.receive()
    assert event["detail"]["reason"] == "CompleteMultipartUpload"
    assert event["detail"]["object"]["size"] == 10
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    s3.put_object(Bucket=bucket, Key="tagged", Body=b"x", Tagging="a=b")
    s3.put_object_tagging(Bucket=bucket, Key="source", Tagging=tags)
    assert inbox.receive()[0]["detail"]["object"]["key"] == "tagged"
    assert inbox.is_empty()


def test_a_deleted_object_of_s3(aws: Aws, inbox: Inbox) -> None:
    name = unique("bucket")
    s3 = aws("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    inbox.subscribe({"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    s3.delete_object(Bucket=name, Key="k")
    put_event, delete_event = sorted(inbox.receive(2), key=lambda e: e["detail-type"])
    assert put_event["detail-type"] == "Object Created"
    assert "version-id" not in put_event["detail"]["object"]
    assert delete_event["detail-type"] == "Object Deleted"
    assert delete_event["detail"]["deletion-type"] == "Permanently Deleted"
    assert (
        delete_event["detail"]["object"]["sequencer"] > put_event["detail"]["object"]["sequencer"]
    )


def test_a_bucket_without_the_configuration_is_silent(aws: Aws, inbox: Inbox) -> None:
    name = unique("bucket")
    s3 = aws("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    inbox.subscribe({"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}})
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert inbox.is_empty()


def rule(aws: Aws, target: dict[str, Any], pattern: Any = None) -> str:
    source = unique("team")
    name = unique("rule")
    pattern = pattern or {"source": [source]}
    aws("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule=name, Targets=[{"Id": "target"} | target])
    return source


def test_a_state_machine_is_started_with_the_event(aws: Aws) -> None:
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"), roleArn=ROLE,
        definition='{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
    )["stateMachineArn"]  # fmt: skip
    source = rule(aws, {"Arn": machine, "RoleArn": ROLE})
    event_id = put(aws, source, {"a": 1})
    (run,) = eventually(
        lambda: aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    )
    assert run["name"].startswith(event_id)
    described = aws("stepfunctions").describe_execution(executionArn=run["executionArn"])
    assert json.loads(described["input"])["detail"] == {"a": 1}


def test_a_function_is_invoked_with_the_event(aws: Aws) -> None:
    source = "def handler(event, context):\n    print('got', event['id'])"
    name = unique("function")
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    function = aws("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="main.handler", Timeout=30,
        Role=f"arn:aws:iam::{ACCOUNT}:role/{name}", Code={"ZipFile": make_zip({"main.py": source})},
    )["FunctionArn"]  # fmt: skip
    event_id = put(aws, rule(aws, {"Arn": function}), {})

    def logged() -> bool:
        try:
            events = aws("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except ClientError:
            return False
        return any(f"got {event_id}" in event["message"] for event in events)

    eventually(logged)


def test_a_topic_passes_the_event_on(aws: Aws, inbox: Inbox) -> None:
    topic = aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    event_id = put(aws, rule(aws, {"Arn": topic}), {"a": 1})
    (notification,) = inbox.receive()
    assert json.loads(notification["Message"])["id"] == event_id


def test_a_log_group_keeps_the_event(aws: Aws) -> None:
    group = f"/aws/events/{unique('group')}"
    aws("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{group}"
    event_id = put(aws, rule(aws, {"Arn": arn}), {})
    (event,) = eventually(lambda: aws("logs").filter_log_events(logGroupName=group)["events"])
    assert json.loads(event["message"])["id"] == event_id


def test_another_bus_gets_the_same_event(aws: Aws, inbox: Inbox) -> None:
    name = unique("bus")
    arn = aws("events").create_event_bus(Name=name)["EventBusArn"]
    source = rule(aws, {"Arn": arn, "RoleArn": ROLE})
    second = unique("rule")
    aws("events").put_rule(
        Name=second, EventBusName=name, EventPattern=json.dumps({"source": [source]})
    )
    aws("events").put_targets(
        Rule=second, EventBusName=name, Targets=[{"Id": "queue", "Arn": inbox.arn}]
    )
    event_id = put(aws, source, {})
    assert inbox.receive()[0]["id"] == event_id


def test_the_end_of_an_execution_is_an_event(aws: Aws, inbox: Inbox) -> None:
    machine = aws("stepfunctions").create_state_machine(
        name=unique("machine"), roleArn=ROLE,
        definition='{"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E", "Cause": "C"}}}',
    )["stateMachineArn"]  # fmt: skip
    inbox.subscribe(
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [machine]},
        }
    )
    arn = aws("stepfunctions").start_execution(stateMachineArn=machine, input='{"a": 1}')
    events = {event["detail"]["status"]: event for event in inbox.receive(2)}
    assert set(events) == {"RUNNING", "FAILED"}
    detail = events["FAILED"]["detail"]
    assert events["FAILED"]["resources"] == [arn["executionArn"]]
    assert (detail["error"], detail["cause"], detail["input"]) == ("E", "C", '{"a": 1}')
    assert detail["stopDate"] >= detail["startDate"] > 1_600_000_000_000
    assert events["RUNNING"]["detail"]["stopDate"] is None


def test_a_target_that_cannot_be_reached_goes_to_the_dead_letter_queue(
    aws: Aws, inbox: Inbox
) -> None:
    missing = f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:no-such-machine"
    source = rule(aws, {"Arn": missing, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": inbox.arn}})
    event_id = put(aws, source, {})
    assert inbox.receive()[0]["id"] == event_id


def test_a_target_that_localaws_does_not_reach_is_refused_by_name(aws: Aws) -> None:
    name = unique("rule")
    aws("events").put_rule(Name=name, EventPattern='{"source": ["x"]}')
    stream = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/s"
    with pytest.raises(ClientError, match=f"does not deliver events to {stream}"):
        aws("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": stream}])
