module "image_repository" {
  source = "./modules/image_repository"

  account              = local.account
  deletion_window_days = var.kms_deletion_window_days
  force_destroy        = var.force_destroy
  kms_key_arn          = module.encryption.key_arn
  prefix               = local.prefix
  signer_arns          = var.image_signer_arns
}

module "manifest" {
  source = "./modules/manifest"

  account              = local.account
  alarm_topic_arn      = module.notification.alarm_topic_arn
  buckets              = module.storage.buckets
  image_repository_url = module.image_repository.url
  kms_key_arn          = module.encryption.key_arn
  logs                 = local.logs
  package_dir          = local.package_dir
  prebuilt_image_uri   = data.aws_sagemaker_prebuilt_ecr_image.this.registry_path
  prefix               = local.prefix
  stack                = { service = var.service, stage = var.build_stage }
}

module "ml_workflow" {
  source = "./modules/ml_workflow"

  account               = local.account
  alarm_topic_arn       = module.notification.alarm_topic_arn
  buckets               = module.storage.buckets
  definition_dir        = "${path.root}/../workflow/state_machines"
  deployment_functions  = module.deployment.functions
  image_repository_arns = [module.image_repository.arn, local.prebuilt_repository_arn]
  kms_key_arn           = module.encryption.key_arn
  logs                  = local.logs
  prefix                = local.prefix
}

module "ml_pipeline" {
  source = "./modules/ml_pipeline"

  account            = local.account
  alarm_topic_arn    = module.notification.alarm_topic_arn
  approval_topic_arn = module.notification.approval_topic_arn
  buckets            = module.storage.buckets
  functions          = module.manifest.functions
  kms_key_arn        = module.encryption.key_arn
  prefix             = local.prefix
  state_machine_arns = module.ml_workflow.state_machine_arns
}

module "job_package" {
  source = "./modules/job_package"

  alarm_topic_arn = module.notification.alarm_topic_arn
  buckets         = module.storage.buckets
  kms_key_arn     = module.encryption.key_arn
  logs            = local.logs
  package_dir     = local.package_dir
  pipeline        = { name = module.ml_pipeline.name, arn = module.ml_pipeline.arn }
  prefix          = local.prefix
}
