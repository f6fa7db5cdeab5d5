locals {
  _head     = "arn:${var.account.partition}"
  _tail     = "${var.account.region}:${var.account.id}"
  sagemaker = "${local._head}:sagemaker:${local._tail}"
  pipeline  = "${local._head}:codepipeline:${local._tail}:${var.pipeline_name}"

  name = "${var.prefix}-drift"
  # The production endpoint of each use case that is watched.
  endpoints = { for use_case in var.monitoring.use_cases : use_case => "${var.prefix}-${use_case}" }

  functions = {
    plan_drift       = { description = "Lists the captured requests and labels that a drift job compares, and finds the baseline.", seconds = 120 }
    start_retraining = { description = "Starts the ML pipeline when drift lasts, or records why not.", seconds = 900 }
  }
  _common_settings = {
    KMS_KEY_ARN     = var.kms_key_arn
    LOG_LEVEL       = "INFO"
    PREFIX          = var.prefix
    WORKFLOW_BUCKET = var.buckets.workflow.name
  }
  settings = {
    plan_drift = merge(local._common_settings, {
      SOURCE_BUCKET = var.buckets.source.name
      WINDOW_HOURS  = tostring(var.monitoring.window_hours)
    })
    start_retraining = merge(local._common_settings, {
      COOLDOWN_DAYS  = tostring(var.monitoring.retrain.cooldown_days)
      MINIMUM_LABELS = tostring(var.monitoring.retrain.minimum_labels)
      PIPELINE_NAME  = var.pipeline_name
      RETRAIN        = tostring(var.monitoring.retrain.enabled)
    })
  }
  policies = {
    plan_drift       = data.aws_iam_policy_document.plan_drift.json
    start_retraining = data.aws_iam_policy_document.start_retraining.json
  }
}

module "function" {
  source   = "../function"
  for_each = local.functions

  alarm_topic_arn = var.alarm_topic_arn
  description     = each.value.description
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = "${var.prefix}-${replace(each.key, "_", "-")}"
  package         = "${var.package_dir}/${each.key}.zip"
  policy          = local.policies[each.key]
  settings        = local.settings[each.key]
  timeout_seconds = each.value.seconds
}

module "machine" {
  source = "../state_machine"

  account         = var.account
  alarm_topic_arn = var.alarm_topic_arn
  definition = templatefile("${var.definition_dir}/drift.asl.json", {
    false_discovery_rate = var.monitoring.false_discovery_rate
    instance_type        = var.monitoring.instance_type
    kms_key_arn          = var.kms_key_arn
    minimum_psi          = var.monitoring.minimum_psi
    minimum_rows         = var.monitoring.minimum_rows
    plan_drift_arn       = module.function["plan_drift"].arn
    prefix               = var.prefix
    sagemaker_role_arn   = var.sagemaker_role_arn
    start_retraining_arn = module.function["start_retraining"].arn
    workflow_bucket      = var.buckets.workflow.name
  })
  logs   = var.logs
  name   = local.name
  policy = data.aws_iam_policy_document.machine.json
}
