"""CloudWatch Logs with lines that localaws itself writes."""

from datetime import UTC, datetime, timedelta

import pytest

from server.sagemaker.client import SCIKIT_LEARN_IMAGE, SageMaker


def test_the_log_of_a_job_on_a_fast_clock(start_localaws, tmp_path):
    # Two hours, after which moto's own clock takes a line for one of the future, pass in 0.4 s.
    with start_localaws(tmp_path, "--time-scale", "20000") as server:
        sagemaker = SageMaker(server)
        job = sagemaker.process(
            AppSpecification={
                "ImageUri": SCIKIT_LEARN_IMAGE,
                "ContainerEntrypoint": ["sh", "-c", "sleep 0.5; echo a line"],
            },
            StoppingCondition={"MaxRuntimeInSeconds": 5 * 86_400},
        )
        assert job["ProcessingJobStatus"] == "Completed"
        name = job["ProcessingJobName"]
        assert sagemaker.lines("/aws/sagemaker/ProcessingJobs", name) == ["a line"]


def test_metric_filters_publish_what_they_match(aws):
    logs, cloudwatch = aws("logs"), aws("cloudwatch")
    group = "/filters"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    transformation = {
        "metricName": "latency", "metricNamespace": "Filters", "metricValue": "$.ms",
        "unit": "Milliseconds", "dimensions": {"Route": "$.route"},
    }  # fmt: skip
    errors = {
        "metricName": "errors",
        "metricNamespace": "Filters",
        "metricValue": "1",
        "defaultValue": 0,
    }
    for name, pattern, metric in (
        ("latency", "{ $.ms > 0 }", transformation),
        ("errors", "ERROR", errors),
        # The second of a name replaces the first.
        ("errors", '"ERROR:"', errors),
    ):
        logs.put_metric_filter(
            logGroupName=group,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[metric],
        )
    assert len(logs.describe_metric_filters(logGroupName=group)["metricFilters"]) == 2
    now = datetime.now(UTC)

    def write(*messages):
        milliseconds = int(now.timestamp() * 1000)
        events = [{"timestamp": milliseconds, "message": message} for message in messages]
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)

    write(
        '{"ms": 12.5, "route": "/a"}',
        '{"ms": 7.5, "route": "/a"}',
        '{"ms": 1}',
        '{"ms": 0, "route": "/a"}',
    )
    write("ERROR: one", "an ERROR", "ERROR: two")
    period = {
        "StartTime": now - timedelta(minutes=5),
        "EndTime": now + timedelta(minutes=5),
        "Period": 600,
    }
    (latency,) = cloudwatch.get_metric_statistics(
        Namespace="Filters", MetricName="latency", Dimensions=[{"Name": "Route", "Value": "/a"}],
        Statistics=["Sum", "SampleCount"], **period,
    )["Datapoints"]  # fmt: skip
    assert (latency["Sum"], latency["SampleCount"], latency["Unit"]) == (20.0, 2.0, "Milliseconds")
    points = cloudwatch.get_metric_statistics(
        Namespace="Filters", MetricName="errors", Statistics=["Sum", "SampleCount"], **period
    )["Datapoints"]
    # Two matches, and the default value of the first request, which has none.
    assert sum(point["Sum"] for point in points) == 2
    assert sum(point["SampleCount"] for point in points) == 3


def test_a_filter_pattern_is_checked(aws):
    logs = aws("logs")
    logs.create_log_group(logGroupName="/checked")
    with pytest.raises(
        logs.exceptions.InvalidParameterException, match="Invalid metric filter pattern"
    ):
        logs.put_metric_filter(
            logGroupName="/checked", filterName="f", filterPattern="{ $.a = }",
            metricTransformations=[{"metricName": "m", "metricNamespace": "N", "metricValue": "1"}],
        )  # fmt: skip
