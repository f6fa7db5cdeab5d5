"""The resources of an HTTP API on localaws: apply, a plan without changes, destroy."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator

import pytest

from localaws.testing import LocalAws, running
from tests.terraform.runner import PROVIDER, Terraform, configured

RESOURCES = """
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  name               = "function"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_lambda_function" "infer" {
  function_name = "infer"
  role          = aws_iam_role.function.arn
  filename      = "${path.module}/function.zip"
  handler       = "main.handler"
  runtime       = "python3.12"
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/inference"
  retention_in_days = 7
}

resource "aws_apigatewayv2_api" "this" {
  name          = "inference"
  description   = "Predictions"
  protocol_type = "HTTP"

  cors_configuration {
    allow_origins = ["https://console.example.com"]
    allow_methods = ["POST"]
    allow_headers = ["authorization", "content-type"]
    max_age       = 300
  }
}

resource "aws_apigatewayv2_integration" "infer" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.infer.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 29000
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  api_id           = aws_apigatewayv2_api.this.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = "https://issuer.example.com"
    audience = ["inference"]
  }
}

resource "aws_apigatewayv2_authorizer" "request" {
  api_id                            = aws_apigatewayv2_api.this.id
  name                              = "request"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = aws_lambda_function.infer.invoke_arn
  identity_sources                  = ["$request.header.Authorization"]
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = true
  authorizer_result_ttl_in_seconds  = 60
}

resource "aws_apigatewayv2_route" "predict" {
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = "POST /predict/{use_case}"
  target             = "integrations/${aws_apigatewayv2_integration.infer.id}"
  authorization_type = "AWS_IAM"
}

resource "aws_apigatewayv2_route" "models" {
  api_id               = aws_apigatewayv2_api.this.id
  route_key            = "GET /models/{use_case}"
  target               = "integrations/${aws_apigatewayv2_integration.infer.id}"
  authorization_type   = "JWT"
  authorizer_id        = aws_apigatewayv2_authorizer.jwt.id
  authorization_scopes = ["models.read"]
}

resource "aws_apigatewayv2_route" "custom" {
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = "ANY /custom/{proxy+}"
  target             = "integrations/${aws_apigatewayv2_integration.infer.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.request.id
}

resource "aws_apigatewayv2_route" "health" {
  api_id    = aws_apigatewayv2_api.this.id
  route_key = "GET /health"
  target    = "integrations/${aws_apigatewayv2_integration.infer.id}"
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "v1"
  auto_deploy = true

  stage_variables = { table = "a" }

  default_route_settings {
    throttling_burst_limit   = 40
    throttling_rate_limit    = 20
    detailed_metrics_enabled = true
  }

  route_settings {
    route_key              = aws_apigatewayv2_route.health.route_key
    throttling_burst_limit = 5
    throttling_rate_limit  = 1
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode({ id = "$context.requestId", status = "$context.status" })
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.infer.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}

resource "aws_apigatewayv2_stage" "fixed" {
  api_id        = aws_apigatewayv2_api.this.id
  name          = "fixed"
  deployment_id = aws_apigatewayv2_deployment.this.id
}

resource "aws_apigatewayv2_deployment" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  description = "the first"
  depends_on  = [aws_apigatewayv2_route.health]
}

output "url" {
  value = "${aws_apigatewayv2_api.this.api_endpoint}/${aws_apigatewayv2_stage.this.name}"
}
"""
HANDLER = "def handler(event, context):\n    return {'path': event['rawPath']}\n"


@pytest.fixture(scope="module")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running(tmp_path_factory.mktemp("localaws")) as server:
        yield server


@pytest.fixture(scope="module")
def terraform(localaws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    folder = tmp_path_factory.mktemp("api")
    with zipfile.ZipFile(folder / "function.zip", "w") as archive:
        archive.writestr("main.py", HANDLER)
    with configured(folder, PROVIDER + RESOURCES, localaws.environment) as terraform:
        yield terraform


def test_apply_plan_and_destroy(localaws: LocalAws, terraform: Terraform) -> None:
    terraform.run("apply", "-auto-approve", input=False)
    assert "No changes" in terraform.run("plan", input=False)
    url = json.loads(terraform.cmd("output", "-json")[1])["url"]["value"]
    with urllib.request.urlopen(f"{url}/health") as answer:
        assert json.load(answer) == {"path": "/v1/health"}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(f"{url}/predict/housing", b"{}"))
    terraform.run("destroy", "-auto-approve", input=False)
    assert localaws.client("apigatewayv2").get_apis()["Items"] == []
    assert localaws.client("lambda").list_functions()["Functions"] == []
    groups = localaws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/apigateway")
    assert groups["logGroups"] == []
