locals {
  functions = {
    plan_deployment = "Decides the next step from the endpoint as it is to what the model registry says."
    test_endpoint   = "Sends held-out rows to a dev endpoint and compares the answers with the thresholds of the use case."
  }
  settings = {
    plan_deployment = {
      ALARM_TOPIC_ARN    = var.alarm_topic_arn
      KMS_KEY_ARN        = var.kms_key_arn
      LOG_LEVEL          = "INFO"
      ROLLOUT            = jsonencode(local.rollout)
      SAGEMAKER_ROLE_ARN = var.sagemaker_role_arn
      SERVICE            = var.stack.service
      STAGE              = var.stack.stage
      WORKFLOW_BUCKET    = var.workflow_bucket.name
    }
    test_endpoint = {
      KMS_KEY_ARN     = var.kms_key_arn
      LOG_LEVEL       = "INFO"
      WORKFLOW_BUCKET = var.workflow_bucket.name
    }
  }

  # The waits of a rollout, and an hour in which its instances start.
  _steps           = var.rollout.type == "ALL_AT_ONCE" ? 0 : var.rollout.type == "CANARY" ? 1 : ceil(100 / var.rollout.step_percent)
  _waits           = local._steps * var.rollout.wait_seconds + var.rollout.termination_seconds
  _maximum_seconds = min(28800, local._waits + 3600)
  rollout = {
    type                     = var.rollout.type
    step_percent             = var.rollout.step_percent
    wait_seconds             = var.rollout.wait_seconds
    termination_seconds      = var.rollout.termination_seconds
    maximum_seconds          = local._maximum_seconds
    max_error_rate           = var.rollout.max_error_rate
    max_latency_microseconds = var.rollout.max_latency_milliseconds * 1000
    # The state machine looks at most 1200 times, so that its history stays below 25,000 events.
    poll_seconds = max(3, ceil((local._maximum_seconds + 600) / 1200))
  }
}

module "function" {
  source   = "../function"
  for_each = local.functions

  alarm_topic_arn = var.alarm_topic_arn
  description     = each.value
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = "${local.prefix}-${replace(each.key, "_", "-")}"
  package         = "${var.package_dir}/${each.key}.zip"
  policy          = local.policies[each.key]
  settings        = local.settings[each.key]
  # A load test of 5000 requests at a low rate takes the time that Lambda gives it.
  timeout_seconds = each.key == "test_endpoint" ? 900 : 120
}
