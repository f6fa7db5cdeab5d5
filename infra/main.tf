data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

# The provider knows which AWS account hosts these images in each region, so no call to AWS is made.
data "aws_sagemaker_prebuilt_ecr_image" "this" {
  repository_name = "sagemaker-scikit-learn"
  image_tag       = "1.4-2-cpu-py3"
}

locals {
  prefix = "${var.service}-${var.build_stage}"
  account = {
    id        = data.aws_caller_identity.this.account_id
    partition = data.aws_partition.this.partition
    region    = var.aws_region
  }
  logs = { kms_key_arn = module.encryption.log_key_arn, retention_days = var.retention_days.logs }
  # {account}.dkr.ecr.{region}.{suffix}/{name}:{tag}
  _prebuilt_registry = split(".", data.aws_sagemaker_prebuilt_ecr_image.this.registry_path)
  prebuilt_repository_arn = join(":", [
    "arn", local.account.partition, "ecr", local._prebuilt_registry[3], local._prebuilt_registry[0],
    "repository/${data.aws_sagemaker_prebuilt_ecr_image.this.repository_name}",
  ])
}

module "encryption" {
  source = "./modules/encryption"

  account              = local.account
  deletion_window_days = var.kms_deletion_window_days
  prefix               = local.prefix
}

module "storage" {
  source = "./modules/storage"

  access_log_bucket = var.access_log_bucket
  account           = local.account
  force_destroy     = var.force_destroy
  kms_key_arn       = module.encryption.key_arn
  prefix            = local.prefix
  retention_days = {
    artifacts = var.retention_days.artifacts
    versions  = var.retention_days.versions
  }
}

module "notification" {
  source = "./modules/notification"

  account     = local.account
  emails      = var.notification_emails
  kms_key_arn = module.encryption.key_arn
  prefix      = local.prefix
}

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
  # `make package` builds the packages in this folder.
  package_dir        = "${path.root}/../build/lambdas"
  prebuilt_image_uri = data.aws_sagemaker_prebuilt_ecr_image.this.registry_path
  prefix             = local.prefix
  stack              = { service = var.service, stage = var.build_stage }
}

module "ml_workflow" {
  source = "./modules/ml_workflow"

  account               = local.account
  alarm_topic_arn       = module.notification.alarm_topic_arn
  buckets               = module.storage.buckets
  definition_dir        = "${path.root}/../workflow/state_machines"
  image_repository_arns = [module.image_repository.arn, local.prebuilt_repository_arn]
  kms_key_arn           = module.encryption.key_arn
  log_kms_key_arn       = module.encryption.log_key_arn
  log_retention_days    = var.retention_days.logs
  prefix                = local.prefix
  rollout               = var.rollout
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

module "monitoring" {
  source = "./modules/monitoring"

  account            = local.account
  alarm_topic_arn    = module.notification.alarm_topic_arn
  buckets            = module.storage.buckets
  definition_dir     = "${path.root}/../workflow/state_machines"
  kms_key_arn        = module.encryption.key_arn
  logs               = local.logs
  monitoring         = var.monitoring
  package_dir        = "${path.root}/../build/lambdas"
  pipeline_name      = module.ml_pipeline.name
  prefix             = local.prefix
  sagemaker_role_arn = module.ml_workflow.sagemaker_role_arn
}

module "parameters" {
  source = "./modules/parameters"

  path = "/${var.service}/${var.build_stage}"
  parameters = {
    approval_topic_arn          = module.notification.approval_topic_arn
    artifact_bucket             = module.storage.buckets.artifact.name
    create_schema_lambda_name   = module.manifest.functions.create_schema.name
    drift_step_function_arn     = module.monitoring.state_machine_arn
    image_repository_url        = module.image_repository.url
    inference_step_function_arn = module.ml_workflow.state_machine_arns.inference
    kms_key                     = module.encryption.key_arn
    model_package_group_prefix  = local.prefix
    pipeline_name               = module.ml_pipeline.name
    sagemaker_role_arn          = module.ml_workflow.sagemaker_role_arn
    source_bucket               = module.storage.buckets.source.name
    training_step_function_arn  = module.ml_workflow.state_machine_arns.training
    update_schema_lambda_name   = module.manifest.functions.update_schema.name
    workflow_bucket             = module.storage.buckets.workflow.name
  }
}
