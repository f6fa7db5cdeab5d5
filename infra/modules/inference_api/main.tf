locals {
  name  = "${var.prefix}-inference-api"
  stage = "v1"
  # On AWS https://{id}.execute-api.{region}.amazonaws.com.
  url     = "${aws_apigatewayv2_api.this.api_endpoint}/${local.stage}"
  is_jwt  = var.api.authorization == "JWT"
  _models = { "GET /models/{use_case}" = "client" }
  _predict = {
    "POST /predict/{use_case}"          = "client"
    "POST /predict/{use_case}/{target}" = "client"
  }
  # The probe has no token, so where clients need one it has a route of its own.
  probe_path = local.is_jwt ? "probe" : "predict"
  _probe     = local.is_jwt ? { "POST /probe/{use_case}" = "probe" } : {}
  # Every route there is, and who may call it. Nothing that changes a model or an endpoint is among them.
  routes = merge({ "GET /health" = "client" }, local._models, local._predict, local._probe)
}

resource "aws_apigatewayv2_api" "this" {
  name          = local.name
  description   = "Predictions of the models of ${var.prefix}."
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(var.api.cors_origins) > 0 ? [1] : []

    content {
      allow_headers  = ["authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]
      allow_methods  = ["GET", "POST"]
      allow_origins  = var.api.cors_origins
      expose_headers = ["x-inference-id", "x-model-variant", "x-model-version"]
      max_age        = 3600
    }
  }
}

resource "aws_apigatewayv2_integration" "this" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = module.infer.arn
  payload_format_version = "2.0"
  # The longest that API Gateway waits; the function answers before.
  timeout_milliseconds = 30000
}

resource "aws_apigatewayv2_authorizer" "this" {
  count = local.is_jwt ? 1 : 0

  api_id           = aws_apigatewayv2_api.this.id
  name             = local.name
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    audience = var.api.jwt.audience
    issuer   = var.api.jwt.issuer
  }
}

resource "aws_apigatewayv2_route" "this" {
  #checkov:skip=CKV_AWS_309:It is AWS_IAM or JWT: the variable allows nothing else. checkov does not evaluate the expression.
  for_each = local.routes

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.this.id}"
  authorization_type = each.value == "probe" ? "AWS_IAM" : var.api.authorization
  authorizer_id      = local.is_jwt && each.value == "client" ? aws_apigatewayv2_authorizer.this[0].id : null
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = local.stage
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # Who called what and how it ended; neither the rows nor the predictions.
    format = jsonencode({
      authorizer_error   = "$context.authorizer.error"
      caller             = local.is_jwt ? "$context.authorizer.claims.sub" : "$context.identity.userArn"
      error              = "$context.error.message"
      integration_error  = "$context.integrationErrorMessage"
      integration_status = "$context.integration.status"
      ip                 = "$context.identity.sourceIp"
      latency_ms         = "$context.responseLatency"
      request_id         = "$context.requestId"
      route              = "$context.routeKey"
      status             = "$context.status"
      time               = "$context.requestTime"
    })
  }

  default_route_settings {
    detailed_metrics_enabled = false
    throttling_burst_limit   = var.api.throttling.burst
    throttling_rate_limit    = var.api.throttling.rate
  }

  # Requests are served as soon as the stage exists.
  depends_on = [aws_lambda_permission.this]
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_338:Retention depends on the environment: a year by default, less in development (retention_days in config/environments).
  name              = "/aws/apigateway/${local.name}"
  kms_key_id        = var.logs.kms_key_arn
  retention_in_days = var.logs.retention_days
}
