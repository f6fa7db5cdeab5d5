"""The resources of monitoring, cost and scaling on localaws: apply, a plan without changes, destroy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.registry import Registry
from find_idle_endpoints.service import find_idle_endpoints
from localaws.testing import LocalAws, running
from pause_dev_endpoints.service import pause, resume
from tests.terraform.runner import PROVIDER, Terraform, configured

ACCOUNT = "123456789012"
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/served:1"
SERVE = """#!/usr/bin/env python3
import http.server, os


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
RESOURCES = """
resource "aws_sns_topic" "alarms" {
  name = "alarms"
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name                            = "latency"
  alarm_description                     = "p99 of the model"
  namespace                             = "AWS/SageMaker"
  metric_name                           = "ModelLatency"
  dimensions                            = { EndpointName = "e", VariantName = "v" }
  extended_statistic                    = "p99"
  evaluate_low_sample_count_percentiles = "ignore"
  period                                = 60
  evaluation_periods                    = 3
  datapoints_to_alarm                   = 2
  threshold                             = 500000
  comparison_operator                   = "GreaterThanThreshold"
  treat_missing_data                    = "notBreaching"
  alarm_actions                         = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  alarm_name          = "error-rate"
  evaluation_periods  = 1
  threshold           = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"

  metric_query {
    id          = "rate"
    expression  = "100 * errors / calls"
    label       = "error rate"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { calls = "Invocations", errors = "Invocation5XXErrors" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/SageMaker"
        metric_name = metric_query.value
        period      = 60
        stat        = "Sum"
        dimensions  = { EndpointName = "e", VariantName = "v" }
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "any" {
  alarm_name    = "any"
  alarm_rule    = "ALARM(${aws_cloudwatch_metric_alarm.latency.alarm_name}) OR ALARM(error-rate)"
  alarm_actions = [aws_sns_topic.alarms.arn]
  depends_on    = [aws_cloudwatch_metric_alarm.error_rate]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "monitoring"
  dashboard_body = jsonencode({
    widgets = [{ type = "text", width = 6, height = 3, properties = { markdown = "hi" } }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/monitoring"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.level = \\"ERROR\\" }"

  metric_transformation {
    name          = "Errors"
    namespace     = "Monitoring"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "scheduler"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_budgets_budget" "this" {
  name         = "monitoring"
  budget_type  = "COST"
  limit_amount = "200"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = ["user:Environment$monitoring"]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }
    content {
      comparison_operator       = "GREATER_THAN"
      notification_type         = notification.key
      subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
    }
  }
}

resource "aws_scheduler_schedule_group" "this" {
  name = "monitoring"
}

resource "aws_scheduler_schedule" "probe" {
  name                         = "probe"
  group_name                   = aws_scheduler_schedule_group.this.name
  schedule_expression          = "cron(0 9 ? * MON-FRI *)"
  schedule_expression_timezone = "Europe/Berlin"
  start_date                   = "2050-01-01T00:00:00Z"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 5
  }

  target {
    arn      = aws_sns_topic.alarms.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ probe = true })
    retry_policy {
      maximum_retry_attempts = 3
    }
  }
}

resource "aws_cloudwatch_event_rule" "daily" {
  name                = "daily"
  schedule_expression = "cron(0 6 * * ? *)"
}

resource "aws_cloudwatch_event_target" "daily" {
  rule = aws_cloudwatch_event_rule.daily.name
  arn  = aws_sns_topic.alarms.arn
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/scaled/variant/AllTraffic"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 2
}

resource "aws_appautoscaling_policy" "track" {
  name               = "track"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 200
    scale_in_cooldown  = 600
    scale_out_cooldown = 60
    predefined_metric_specification {
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }
  }
}

resource "aws_appautoscaling_policy" "step" {
  name               = "step"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  step_scaling_policy_configuration {
    adjustment_type = "ChangeInCapacity"
    cooldown        = 120
    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = "cron(0 22 * * ? *)"
  timezone           = "Europe/Berlin"

  scalable_target_action {
    min_capacity = 1
    max_capacity = 1
  }
}
"""


@pytest.fixture(scope="module")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    image = tmp_path_factory.mktemp("image")
    (image / "serve").write_text(SERVE)
    (image / "serve").chmod(0o755)
    with running(tmp_path_factory.mktemp("localaws"), "--image", f"served={image}") as server:
        serve_endpoint(server)
        yield server


def serve_endpoint(server: LocalAws) -> None:
    """An endpoint named ``scaled``, because AWS registers existing variants only."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    role = server.client("iam").create_role(
        RoleName="sagemaker", AssumeRolePolicyDocument=json.dumps({"Statement": [statement]})
    )["Role"]["Arn"]
    sagemaker = server.client("sagemaker")
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": IMAGE})
    variant = {
        "VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 1,
        "InstanceType": "ml.t2.medium", "InitialVariantWeight": 1.0,
    }  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="scaled", EndpointConfigName="c")
    until_in_service(sagemaker, "scaled")


def until_in_service(sagemaker: Any, endpoint: str) -> None:
    deadline = time.monotonic() + 60
    while (
        status := sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]
    ) != "InService":
        assert status == "Creating"
        assert time.monotonic() < deadline
        time.sleep(0.1)


def until_deleted(sagemaker: Any, endpoint: str) -> None:
    deadline = time.monotonic() + 60
    while endpoint in {item["EndpointName"] for item in sagemaker.list_endpoints()["Endpoints"]}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def terraform(localaws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    folder = tmp_path_factory.mktemp("monitoring")
    with configured(folder, PROVIDER + RESOURCES, localaws.environment) as terraform:
        yield terraform


def test_a_dev_endpoint_is_paused_and_resumed(localaws: LocalAws) -> None:
    sagemaker, prefix = localaws.client("sagemaker"), "ml-core-development"
    name, other = f"{prefix}-housing-dev", f"{prefix}-housing"
    variant = {
        "VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 1,
        "InstanceType": "ml.t2.medium",
    }  # fmt: skip
    for target, endpoint in (("dev", name), ("prod", other)):
        tags = {"Target": target, "Environment": prefix, "UseCase": "housing"}
        sagemaker.create_endpoint_config(
            EndpointConfigName=f"housing-1-{target}",
            ProductionVariants=[variant],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=f"housing-1-{target}")
    for endpoint in (name, other):
        until_in_service(sagemaker, endpoint)
    cloudwatch = localaws.client("cloudwatch")
    later = datetime.now(UTC) + timedelta(minutes=90)

    def is_enabled(use_case: str) -> bool:
        # No version was registered that could say otherwise.
        s3 = localaws.client("s3")
        return Registry(sagemaker, s3, f"{prefix}-{use_case}", "workflow").has_dev_endpoint()

    idle = find_idle_endpoints(sagemaker, cloudwatch, prefix, 1, later)
    assert idle == {"Idle": [other, name]}
    assert pause(sagemaker, prefix, datetime.now(UTC)) == {name: "paused"}
    until_deleted(sagemaker, name)
    assert sagemaker.describe_endpoint(EndpointName=other)["EndpointStatus"] == "InService"
    assert resume(sagemaker, prefix, is_enabled) == {name: "resumed"}
    until_in_service(sagemaker, name)
    assert resume(sagemaker, prefix, is_enabled) == {}


def test_apply_plan_and_destroy(localaws: LocalAws, terraform: Terraform) -> None:
    terraform.run("apply", "-auto-approve", input=False)
    assert "No changes" in terraform.run("plan", input=False)
    cloudwatch = localaws.client("cloudwatch")
    prefix = "TargetTracking-endpoint/scaled/variant/AllTraffic-Alarm"
    assert len(cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]) == 2
    terraform.run("destroy", "-auto-approve", input=False)
    kinds = ["MetricAlarm", "CompositeAlarm"]
    left = cloudwatch.describe_alarms(AlarmTypes=kinds)
    assert left["MetricAlarms"] == left["CompositeAlarms"] == []
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
    budgets = localaws.client("budgets", region_name="us-east-1")
    assert budgets.describe_budgets(AccountId="123456789012")["Budgets"] == []
    scheduler = localaws.client("scheduler")
    assert scheduler.list_schedules()["Schedules"] == []
    assert [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]] == [
        "default"
    ]
    scaling = localaws.client("application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert localaws.client("events").list_rules()["Rules"] == []
    assert localaws.client("logs").describe_metric_filters()["metricFilters"] == []
