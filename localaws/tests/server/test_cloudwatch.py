"""Metrics and alarms. The server's clock is fast, so that a minute of an alarm passes in a real second."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from waiting import eventually
from zips import make_zip

SCALE = 60


@pytest.fixture(scope="module")
def localaws(start_localaws, tmp_path_factory):
    with start_localaws(tmp_path_factory.mktemp("localaws"), "--time-scale", str(SCALE)) as server:
        yield server


@pytest.fixture(scope="module")
def cloudwatch(localaws):
    return localaws.client("cloudwatch")


@pytest.fixture(scope="module")
def queue(localaws):
    """A function that creates a queue behind a topic: the topic's ARN, and the next message."""
    sns, sqs = localaws.client("sns"), localaws.client("sqs")

    def create(name):
        topic = sns.create_topic(Name=name)["TopicArn"]
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )
        return topic, arn, lambda: receive(sqs, url)

    return create


def receive(sqs, url):
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", ()):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return json.loads(message["Body"])
    raise AssertionError("no message came")


def put(cloudwatch, name, **datum):
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=[{"MetricName": name, **datum}])


def now(cloudwatch):
    """The time of the server's clock, in the only place that shows it."""
    cloudwatch.put_composite_alarm(AlarmName="clock", AlarmRule="FALSE")
    found = cloudwatch.describe_alarms(AlarmNames=["clock"], AlarmTypes=["CompositeAlarm"])
    return found["CompositeAlarms"][0]["AlarmConfigurationUpdatedTimestamp"].astimezone(UTC)


def alarm(name, metric, **settings):
    return {
        "AlarmName": name, "Namespace": "Tests", "MetricName": metric, "Statistic": "Sum",
        "Period": 60, "EvaluationPeriods": 1, "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold", **settings,
    }  # fmt: skip


def state_of(cloudwatch, name):
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]


def test_statistics_and_percentiles(cloudwatch):
    start = now(cloudwatch).replace(second=0, microsecond=0) - timedelta(minutes=30)
    put(
        cloudwatch, "latency", Timestamp=start, Unit="Milliseconds",
        Values=[1.0, 2.0, 3.0, 100.0], Counts=[500.0, 400.0, 90.0, 10.0],
    )  # fmt: skip
    put(
        cloudwatch,
        "latency",
        Timestamp=start + timedelta(minutes=1),
        Value=7.0,
        Unit="Milliseconds",
    )
    found = cloudwatch.get_metric_statistics(
        Namespace="Tests", MetricName="latency", StartTime=start, EndTime=start + timedelta(minutes=5),
        Period=60, Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
        ExtendedStatistics=["p50", "p99.9"],
    )["Datapoints"]  # fmt: skip
    assert [point["Timestamp"].astimezone(UTC) for point in found] == [
        start,
        start + timedelta(minutes=1),
    ]
    first = found[0]
    assert first["SampleCount"] == 1000
    assert first["Sum"] == 500 + 800 + 270 + 1000
    assert (first["Minimum"], first["Maximum"], first["Unit"]) == (1, 100, "Milliseconds")
    assert first["ExtendedStatistics"] == {"p50": 1.0, "p99.9": 100.0}


def test_metric_data_with_expressions_and_pages(cloudwatch):
    start = now(cloudwatch).replace(second=0, microsecond=0) - timedelta(minutes=30)
    for minute in range(6):
        at = start + timedelta(minutes=minute)
        put(cloudwatch, "calls", Timestamp=at, Value=10.0)
        if minute % 2:
            put(cloudwatch, "errors", Timestamp=at, Value=1.0)

    def query(name):
        metric = {"Namespace": "Tests", "MetricName": name}
        return {
            "Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }  # fmt: skip

    request = {
        "MetricDataQueries": [
            {"Id": "rate", "Expression": "100 * FILL(errors, 0) / calls", "Label": "error rate"},
            query("calls"),
            query("errors"),
        ],
        "StartTime": start,
        "EndTime": start + timedelta(minutes=6),
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": 4,
    }
    pages = list(cloudwatch.get_paginator("get_metric_data").paginate(**request))
    assert [p["MetricDataResults"][0]["StatusCode"] for p in pages] == ["PartialData", "Complete"]
    values = [value for p in pages for value in p["MetricDataResults"][0]["Values"]]
    assert values == [0, 10, 0, 10, 0, 10]
    assert pages[0]["MetricDataResults"][0]["Label"] == "error rate"


def test_metrics_are_listed_in_pages(cloudwatch):
    data = [
        {"MetricName": "many", "Value": 1.0, "Dimensions": [{"Name": "n", "Value": str(n)}]}
        for n in range(600)
    ]
    cloudwatch.put_metric_data(Namespace="Many", MetricData=data)
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace="Many"))
    assert [len(p["Metrics"]) for p in pages] == [500, 100]
    one = cloudwatch.list_metrics(
        Namespace="Many", Dimensions=[{"Name": "n", "Value": "7"}], RecentlyActive="PT3H"
    )
    assert one["Metrics"] == [
        {"Namespace": "Many", "MetricName": "many", "Dimensions": [{"Name": "n", "Value": "7"}]}
    ]


@pytest.mark.parametrize(
    ("datum", "code", "words"),
    [
        ({"Value": float("nan")}, "InvalidParameterValue", "The value NaN for parameter"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination", "mutually exclusive"),
        ({}, "MissingParameter", "At least one of"),
        ({"Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValue", "same size"),
        ({"Value": 1.0, "StorageResolution": 5}, "InvalidParameterValue", "must be 1 or 60"),
        ({"Value": 1.0, "Timestamp": datetime(2020, 1, 1)}, "InvalidParameterValue", "two weeks"),
    ],
)
def test_values_that_are_refused(cloudwatch, datum, code, words):
    with pytest.raises(ClientError, match=words) as refused:
        put(cloudwatch, "refused", **datum)
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("operation", "request_", "words"),
    [
        ("put_anomaly_detector", {}, "cloudwatch:PutAnomalyDetector"),
        ("list_metric_streams", {}, "cloudwatch:ListMetricStreams"),
        (
            "get_metric_data",
            {
                "MetricDataQueries": [{"Id": "a", "Expression": "SEARCH('x', 'Sum', 60)"}],
                "StartTime": datetime(2026, 1, 1),
                "EndTime": datetime(2026, 1, 2),
            },
            "the metric math function SEARCH",
        ),
        (
            "put_composite_alarm",
            {"AlarmName": "s", "AlarmRule": "TRUE", "ActionsSuppressor": "x"},
            "PutCompositeAlarm with ActionsSuppressor",
        ),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(cloudwatch, operation, request_, words):
    with pytest.raises(ClientError, match=words) as refused:
        getattr(cloudwatch, operation)(**request_)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_alarm_begins_without_data_then_alarms_and_recovers(cloudwatch, queue):
    topic, _, message = queue("errors")
    cloudwatch.put_metric_alarm(
        **alarm("errors", "failures", AlarmActions=[topic], OKActions=[topic], Statistic="Maximum"),
        TreatMissingData="notBreaching",
    )
    first = message()
    assert (first["OldStateValue"], first["NewStateValue"]) == ("INSUFFICIENT_DATA", "OK")
    put(cloudwatch, "failures", Value=9.0)
    alarmed = message()
    assert (alarmed["OldStateValue"], alarmed["NewStateValue"]) == ("OK", "ALARM")
    assert alarmed["NewStateReason"].startswith(
        "Threshold Crossed: 1 out of the last 1 datapoints [9.0 ("
    )
    assert "was greater than the threshold (5.0)" in alarmed["NewStateReason"]
    assert alarmed["Trigger"]["MetricName"] == "failures"
    recovered = message()
    assert "1 missing datapoint was treated as [NonBreaching]" in recovered["NewStateReason"]
    items = eventually(
        lambda: (
            (found := history(cloudwatch, "errors")).count("Successfully executed action " + topic)
            == 3
            and found
        )
    )
    assert items[0] == 'Alarm "errors" created'
    assert [item for item in items if item.startswith("Alarm updated")] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def history(cloudwatch, name):
    found = cloudwatch.describe_alarm_history(AlarmName=name, ScanBy="TimestampAscending")
    return [item["HistorySummary"] for item in found["AlarmHistoryItems"]]


def test_a_change_is_an_event(cloudwatch, localaws, queue):
    _, arn, message = queue("changes")
    events = localaws.client("events")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": ["evented"]}}
    events.put_rule(Name="changes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": arn}])
    cloudwatch.put_metric_alarm(**alarm("evented", "absent", TreatMissingData="ignore"))
    cloudwatch.set_alarm_state(AlarmName="evented", StateValue="ALARM", StateReason="abort")
    event = message()
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:evented"]
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["state"]["reason"] == "abort"
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    metric = event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]
    assert metric == {"namespace": "Tests", "name": "absent", "dimensions": {}}
    # Missing data is ignored, so the state stays until somebody changes it again.
    before = now(cloudwatch)
    eventually(lambda: now(cloudwatch) - before > timedelta(minutes=3))
    assert state_of(cloudwatch, "evented") == "ALARM"


def test_a_composite_alarm_follows_its_children(cloudwatch, queue):
    topic, _, message = queue("composite")
    for name in ("left", "right"):
        cloudwatch.put_metric_alarm(**alarm(name, name, TreatMissingData="ignore"))
    cloudwatch.put_composite_alarm(
        AlarmName="both", AlarmRule="ALARM(left) AND ALARM(right)", AlarmActions=[topic]
    )
    cloudwatch.set_alarm_state(AlarmName="left", StateValue="ALARM", StateReason="test")
    cloudwatch.set_alarm_state(AlarmName="right", StateValue="ALARM", StateReason="test")
    assert message()["AlarmRule"] == "ALARM(left) AND ALARM(right)"
    with pytest.raises(ClientError, match=r"Cannot delete left as there are composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=["left"])
    cloudwatch.delete_alarms(AlarmNames=["both"])
    cloudwatch.delete_alarms(AlarmNames=["left", "right"])
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.delete_alarms(AlarmNames=["left"])


def test_disabled_actions_do_not_run(cloudwatch, queue):
    topic, _, message = queue("disabled")
    cloudwatch.put_metric_alarm(
        **alarm("quiet", "absent", TreatMissingData="ignore", AlarmActions=[topic])
    )
    cloudwatch.disable_alarm_actions(AlarmNames=["quiet"])
    cloudwatch.set_alarm_state(AlarmName="quiet", StateValue="ALARM", StateReason="first")
    cloudwatch.set_alarm_state(AlarmName="quiet", StateValue="OK", StateReason="back")
    cloudwatch.enable_alarm_actions(AlarmNames=["quiet"])
    cloudwatch.set_alarm_state(AlarmName="quiet", StateValue="ALARM", StateReason="second")
    assert message()["NewStateReason"] == "second"


def test_an_expression_alarms_with_high_resolution(cloudwatch):
    metric = {"Namespace": "Tests", "MetricName": "fast"}
    cloudwatch.put_metric_alarm(
        AlarmName="fast", EvaluationPeriods=1, Threshold=50, TreatMissingData="notBreaching",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Metrics=[
            {"Id": "e1", "Expression": "m1 * 10"},
            {
                "Id": "m1", "ReturnData": False,
                "MetricStat": {"Metric": metric, "Period": 10, "Stat": "Maximum"},
            },
        ],
    )  # fmt: skip
    put(cloudwatch, "fast", Value=5.0, StorageResolution=1)
    eventually(lambda: "Alarm updated from OK to ALARM" in history(cloudwatch, "fast"))


def test_alarms_are_found_by_metric_and_have_tags(cloudwatch):
    cloudwatch.put_metric_alarm(
        **alarm("tagged", "tagged", Tags=[{"Key": "a", "Value": "1"}]),
        Dimensions=[{"Name": "d", "Value": "x"}],
    )
    found = cloudwatch.describe_alarms_for_metric(
        Namespace="Tests", MetricName="tagged", Dimensions=[{"Name": "d", "Value": "x"}]
    )["MetricAlarms"]
    assert [each["AlarmName"] for each in found] == ["tagged"]
    arn = found[0]["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "b", "Value": "2"}
    ]


def test_dashboards(cloudwatch):
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "hello"}}]})
    cloudwatch.put_dashboard(DashboardName="one", DashboardBody=body)
    assert cloudwatch.get_dashboard(DashboardName="one")["DashboardBody"] == body
    assert cloudwatch.list_dashboards()["DashboardEntries"][0]["Size"] == len(body)
    cloudwatch.delete_dashboards(DashboardNames=["one"])
    with pytest.raises(ClientError, match="Dashboard one does not exist"):
        cloudwatch.get_dashboard(DashboardName="one")
    with pytest.raises(ClientError, match="valid JSON object"):
        cloudwatch.put_dashboard(DashboardName="two", DashboardBody="{")


def test_functions_and_executions_publish_metrics(localaws, cloudwatch):
    trust = {
        "Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
        "Action": "sts:AssumeRole",
    }  # fmt: skip
    role = localaws.client("iam").create_role(
        RoleName="runs", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )["Role"]["Arn"]
    source = "def handler(event, context):\n    return 1 / event['by']\n"
    functions = localaws.client("lambda")
    functions.create_function(
        FunctionName="divide", Runtime="python3.12", Handler="main.handler", Role=role,
        Code={"ZipFile": make_zip({"main.py": source})},
    )  # fmt: skip
    for by in (1, 0):
        functions.invoke(FunctionName="divide", Payload=json.dumps({"by": by}))
    machines = localaws.client("stepfunctions")
    machine = machines.create_state_machine(
        name="fails", roleArn=role, definition='{"StartAt": "F", "States": {"F": {"Type": "Fail"}}}'
    )["stateMachineArn"]
    machines.start_execution(stateMachineArn=machine)

    def total(namespace, name, **dimensions):
        moment = now(cloudwatch)
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=3600, Statistics=["Sum", "SampleCount"],
            StartTime=moment - timedelta(hours=3), EndTime=moment + timedelta(hours=1),
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        )["Datapoints"]  # fmt: skip
        return sum(p["Sum"] for p in points), sum(p["SampleCount"] for p in points)

    assert total("AWS/Lambda", "Invocations", FunctionName="divide") == (2, 2)
    assert total("AWS/Lambda", "Errors", FunctionName="divide") == (1, 2)
    assert total("AWS/Lambda", "Duration", FunctionName="divide")[1] == 2
    eventually(lambda: total("AWS/States", "ExecutionsFailed", StateMachineArn=machine) == (1, 1))
    assert total("AWS/States", "ExecutionsStarted", StateMachineArn=machine) == (1, 1)
