module "app" {
  source = "./modules/app"
  count  = var.app == null ? 0 : 1

  account         = local.account
  alarm_topic_arn = module.notification.alarm_topic_arn
  api             = { execution_arn = one(module.inference_api[*].execution_arn), url = one(module.inference_api[*].url) }
  app             = var.app
  kms_key_arn     = module.encryption.key_arn
  logs            = local.logs
  prefix          = local.prefix
  stack           = { service = var.service, stage = var.build_stage }
  workflow_bucket = module.storage.buckets.workflow
}

module "deployment" {
  source = "./modules/deployment"

  account            = local.account
  alarm_topic_arn    = module.notification.alarm_topic_arn
  deploy_machine_arn = module.ml_workflow.state_machine_arns.deploy
  kms_key_arn        = module.encryption.key_arn
  logs               = local.logs
  package_dir        = local.package_dir
  rollout            = var.rollout
  sagemaker_role_arn = module.ml_workflow.sagemaker_role_arn
  stack              = { service = var.service, stage = var.build_stage }
  workflow_bucket    = module.storage.buckets.workflow
}

module "inference_api" {
  source = "./modules/inference_api"
  count  = var.inference_api.enabled ? 1 : 0

  account         = local.account
  alarm_topic_arn = module.notification.alarm_topic_arn
  api             = var.inference_api
  kms_key_arn     = module.encryption.key_arn
  logs            = local.logs
  package_dir     = local.package_dir
  prefix          = local.prefix
  probe           = var.inference_api.probe.enabled ? merge(var.inference_api.probe, { rows = local.probe_rows }) : null
  workflow_bucket = module.storage.buckets.workflow
}

module "monitoring" {
  source = "./modules/monitoring"

  account            = local.account
  alarm_topic_arn    = module.notification.alarm_topic_arn
  buckets            = module.storage.buckets
  definition_dir     = "${path.root}/../workflow/state_machines"
  kms_key_arn        = module.encryption.key_arn
  logs               = local.logs
  monitoring         = var.monitoring
  package_dir        = local.package_dir
  pipeline_name      = module.ml_pipeline.name
  prefix             = local.prefix
  sagemaker_role_arn = module.ml_workflow.sagemaker_role_arn
}

module "cost" {
  source = "./modules/cost"

  account         = local.account
  alarm_topic_arn = module.notification.alarm_topic_arn
  cost            = var.cost
  kms_key_arn     = module.encryption.key_arn
  logs            = local.logs
  package_dir     = local.package_dir
  prefix          = local.prefix
  workflow_bucket = module.storage.buckets.workflow
}
