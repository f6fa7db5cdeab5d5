"""Schedules and scheduled rules that fire. A minute of the server's clock passes in half a real second."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
OFF = {"Mode": "OFF"}


@pytest.fixture(scope="module")
def localaws(start_localaws, tmp_path_factory):
    with start_localaws(tmp_path_factory.mktemp("localaws"), "--time-scale", "120") as server:
        yield server


@pytest.fixture(scope="module")
def scheduler(localaws):
    return localaws.client("scheduler")


@pytest.fixture(scope="module")
def role(localaws):
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]
    }
    return localaws.client("iam").create_role(
        RoleName="scheduler", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]


@pytest.fixture
def queue(localaws, request):
    """A queue of its own for each test: its ARN, and a function that waits for a number of messages."""
    sqs = localaws.client("sqs")
    name = request.node.name.replace("[", "-").replace("]", "")[:70]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]

    def receive(count, seconds=15, attributes=False):
        found = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            answer = sqs.receive_message(
                QueueUrl=url,
                WaitTimeSeconds=1,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", ()):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message if attributes else json.loads(message["Body"]))
        assert len(found) >= count, found
        return found

    return f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}", receive


def now(localaws):
    """The time of the server's clock."""
    group = f"clock-{time.monotonic_ns()}"
    client = localaws.client("scheduler")
    client.create_schedule_group(Name=group)
    return client.get_schedule_group(Name=group)["CreationDate"].astimezone(UTC)


def at(moment):
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def test_a_rate_fires_at_once_and_then_each_minute_once(scheduler, role, queue):
    arn, receive = queue
    target = {"Arn": arn, "RoleArn": role, "Input": '{"t": "<aws.scheduler.scheduled-time>"}'}
    scheduler.create_schedule(
        Name="rate", ScheduleExpression="rate(1 minute)", FlexibleTimeWindow=OFF, Target=target
    )
    times = sorted(datetime.fromisoformat(body["t"]) for body in receive(4))
    scheduler.delete_schedule(Name="rate")
    # Each at most once, at whole minutes. A queue need not keep their order.
    assert all(b > a for a, b in pairwise(times))
    assert all((b - a) % timedelta(minutes=1) == timedelta() for a, b in pairwise(times))


def test_a_schedule_for_once_is_deleted_after_it(localaws, scheduler, role, queue):
    arn, receive = queue
    moment = now(localaws) + timedelta(minutes=8)
    scheduler.create_schedule(
        Name="once", ScheduleExpression=at(moment), FlexibleTimeWindow=OFF,
        ActionAfterCompletion="DELETE", Target={"Arn": arn, "RoleArn": role},
    )  # fmt: skip
    (event,) = receive(1)
    assert event["source"] == "aws.scheduler"
    assert event["time"] == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert event["resources"] == [f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule/default/once"]
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="once")


def test_start_and_end_date_in_a_time_zone(localaws, scheduler, role, queue):
    arn, receive = queue
    start = now(localaws) + timedelta(minutes=8)
    scheduler.create_schedule(
        Name="between", ScheduleExpression="rate(1 minute)", FlexibleTimeWindow=OFF,
        ScheduleExpressionTimezone="Europe/Berlin", StartDate=start,
        EndDate=start + timedelta(minutes=2, seconds=30), ActionAfterCompletion="DELETE",
        Target={"Arn": arn, "RoleArn": role},
    )  # fmt: skip
    events = receive(3)
    times = sorted(datetime.fromisoformat(event["time"]) for event in events)
    first = start.replace(microsecond=0)
    assert times == [first, first + timedelta(minutes=1), first + timedelta(minutes=2)]


def test_a_flexible_window_delays_within_it(localaws, scheduler, role, queue):
    arn, receive = queue
    moment = now(localaws) + timedelta(minutes=8)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 3}
    scheduler.create_schedule(
        Name="flexible", ScheduleExpression=at(moment), FlexibleTimeWindow=window,
        Target={"Arn": arn, "RoleArn": role},
    )  # fmt: skip
    (event,) = receive(1)
    assert event["time"] == f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_a_universal_target(localaws, scheduler, role, queue):
    arn, receive = queue
    url = localaws.client("sqs").get_queue_url(QueueName=arn.split(":")[-1])["QueueUrl"]
    scheduler.create_schedule(
        Name="universal", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF,
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": role,
            "Input": json.dumps({"QueueUrl": url, "MessageBody": '{"universal": true}'}),
        },
    )  # fmt: skip
    assert receive(1) == [{"universal": True}]
    scheduler.delete_schedule(Name="universal")


def test_what_fails_goes_to_the_dead_letter_queue(scheduler, role, queue):
    arn, receive = queue
    scheduler.create_schedule(
        Name="dead", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF,
        Target={
            "Arn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:missing", "RoleArn": role,
            "Input": "{}", "DeadLetterConfig": {"Arn": arn},
        },
    )  # fmt: skip
    (message,) = receive(1, attributes=True)
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "ResourceNotFoundException"
    assert attributes["RETRY_ATTEMPTS"] == "0"
    assert attributes["SCHEDULE_ARN"].endswith("schedule/default/dead")
    scheduler.delete_schedule(Name="dead")


def test_a_disabled_schedule_does_not_fire(localaws, scheduler, role, queue):
    arn, receive = queue
    settings = {
        "Name": "disabled", "ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": OFF,
        "Target": {"Arn": arn, "RoleArn": role},
    }  # fmt: skip
    scheduler.create_schedule(**settings, State="DISABLED")
    enabled = now(localaws)
    scheduler.update_schedule(**settings, State="ENABLED")
    first = min(datetime.fromisoformat(event["time"]) for event in receive(2))
    assert first >= enabled.replace(microsecond=0)
    scheduler.delete_schedule(Name="disabled")


def test_groups_lists_and_tags(scheduler, role, queue):
    arn = scheduler.create_schedule_group(Name="team", Tags=[{"Key": "a", "Value": "1"}])[
        "ScheduleGroupArn"
    ]
    for name in ("one", "two"):
        scheduler.create_schedule(
            Name=name, GroupName="team", ScheduleExpression="cron(0 9 ? * MON-FRI *)",
            FlexibleTimeWindow=OFF, Target={"Arn": queue[0], "RoleArn": role},
        )  # fmt: skip
    pages = scheduler.get_paginator("list_schedules").paginate(
        GroupName="team", PaginationConfig={"PageSize": 1}
    )
    assert [[s["Name"] for s in page["Schedules"]] for page in pages] == [["one"], ["two"]]
    retries = scheduler.get_schedule(Name="one", GroupName="team")["Target"]["RetryPolicy"]
    assert retries == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule_group(Name="team")
    scheduler.delete_schedule_group(Name="team")
    assert scheduler.list_schedules(NamePrefix="two")["Schedules"] == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ScheduleExpression": "cron(0 9 * * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Moon"}, "not the name of a time zone"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "must have MaximumWindowInMinutes"),
        (
            {"Target": {"Arn": "arn:aws:ecs:eu-west-1:1:cluster/c"}},
            "localaws does not call the target",
        ),
        (
            {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:s3:getObject"}},
            "does not call the target",
        ),
        (
            {"Target": {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}},
            "must allow AWS EventBridge",
        ),
    ],
)
def test_what_is_refused(scheduler, role, settings, words):
    target = {"Arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", "RoleArn": role}
    request = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF, **settings}
    request["Target"] = {**target, **settings.get("Target", {})}
    with pytest.raises(scheduler.exceptions.ValidationException, match=words):
        scheduler.create_schedule(Name="refused", **request)


def test_a_scheduled_rule_fires_once_for_each_time(localaws, queue):
    arn, receive = queue
    events = localaws.client("events")
    rule = events.put_rule(Name="each-minute", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule="each-minute", Targets=[{"Id": "queue", "Arn": arn}])
    found = receive(3)
    events.disable_rule(Name="each-minute")
    assert {event["detail-type"] for event in found} == {"Scheduled Event"}
    assert found[0]["source"] == "aws.events"
    assert found[0]["resources"] == [rule]
    times = sorted(datetime.fromisoformat(event["time"]) for event in found)
    assert len(set(times)) == len(times)
    assert times[1] - times[0] == timedelta(minutes=1)


def test_expressions_that_a_rule_cannot_have(localaws):
    events = localaws.client("events")
    for text in ("rate(1 minutes)", "cron(0 9 * * * *)", "cron(0 25 * * ? *)"):
        with pytest.raises(ClientError, match="Parameter ScheduleExpression is not valid"):
            events.put_rule(Name="wrong", ScheduleExpression=text)


def test_the_metrics_of_rules_and_schedules(localaws, scheduler, role, queue):
    arn, receive = queue
    events, cloudwatch = localaws.client("events"), localaws.client("cloudwatch")
    events.put_rule(Name="measured", EventPattern='{"source": ["measured"]}')
    events.put_targets(Rule="measured", Targets=[{"Id": "queue", "Arn": arn}])
    entry = {"Source": "measured", "DetailType": "t", "Detail": "{}"}
    events.put_events(Entries=[entry])
    receive(1)
    metrics = cloudwatch.list_metrics(Namespace="AWS/Events")["Metrics"]
    of_rule = [m["MetricName"] for m in metrics if m["Dimensions"][0]["Value"] == "measured"]
    assert {"MatchedEvents", "TriggeredRules"} <= set(of_rule)
    assert cloudwatch.list_metrics(Namespace="AWS/Scheduler", MetricName="InvocationAttemptCount")[
        "Metrics"
    ]


def test_a_scheduled_build_that_fails_is_reported(localaws, scheduler, role, queue):
    arn, receive = queue
    client = localaws.client("codecommit")
    client.create_repository(repositoryName="scheduled")
    buildspec = "version: 0.2\nphases: {build: {commands: [exit 2]}}\n"
    client.put_file(
        repositoryName="scheduled", branchName="development", filePath="drift.yml",
        fileContent=buildspec.encode(),
    )  # fmt: skip
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "codebuild.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    build_role = localaws.client("iam").create_role(
        RoleName="scheduled-build", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )["Role"]["Arn"]
    project = localaws.client("codebuild").create_project(
        name="scheduled",
        source={
            "type": "CODECOMMIT",
            "location": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/scheduled",
            "buildspec": "drift.yml",
        },
        sourceVersion="development",
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=build_role,
    )["project"]["arn"]
    pattern = {
        "source": ["aws.codebuild"],
        "detail-type": ["CodeBuild Build State Change"],
        "detail": {
            "project-name": ["scheduled"],
            "build-status": [{"anything-but": ["IN_PROGRESS", "SUCCEEDED"]}],
        },
    }
    events = localaws.client("events")
    events.put_rule(Name="scheduled", EventPattern=json.dumps(pattern))
    transformer = {
        "InputPathsMap": {
            "log": "$.detail.additional-information.logs.deep-link",
            "status": "$.detail.build-status",
        },
        "InputTemplate": '"Drift has the status <status>: <log>"',
    }
    events.put_targets(
        Rule="scheduled", Targets=[{"Id": "1", "Arn": arn, "InputTransformer": transformer}]
    )
    scheduler.create_schedule(
        Name="build", ScheduleExpression=at(now(localaws) + timedelta(minutes=2)),
        FlexibleTimeWindow=OFF, Target={"Arn": project, "RoleArn": role, "Input": "{}"},
    )  # fmt: skip
    (message,) = receive(1, attributes=True)
    assert message["Body"].startswith("Drift has the status FAILED: https://")
    (build,) = localaws.client("codebuild").batch_get_builds(
        ids=localaws.client("codebuild").list_builds_for_project(projectName="scheduled")["ids"]
    )["builds"]
    # The sources were there: the command of the branch failed.
    (failed,) = [p["phaseType"] for p in build["phases"] if p.get("phaseStatus") == "FAILED"]
    assert failed == "BUILD"
