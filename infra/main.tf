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
  # `make package` builds the packages in this folder.
  package_dir = "${path.root}/../build/lambdas"
  # {account}.dkr.ecr.{region}.{suffix}/{name}:{tag}
  _prebuilt_registry = split(".", data.aws_sagemaker_prebuilt_ecr_image.this.registry_path)
  prebuilt_repository_arn = join(":", [
    "arn", local.account.partition, "ecr", local._prebuilt_registry[3], local._prebuilt_registry[0],
    "repository/${data.aws_sagemaker_prebuilt_ecr_image.this.repository_name}",
  ])
  # The first rows of the sample of each use case. A line with half of a quoted text is no row.
  _samples = {
    for name in var.inference_api.probe.use_cases :
    name => yamldecode(file("${path.root}/../config/use_cases/${name}.yaml")).sample.inference
  }
  probe_rows = {
    for name, sample in local._samples : name => [
      for line in slice(split("\n", "${file("${path.root}/../${sample}")}\n\n\n"), 0, 3) : trimspace(line)
      if trimspace(line) != "" && length(regexall("\"", line)) % 2 == 0
    ]
  }
}

module "encryption" {
  source = "./modules/encryption"

  account              = local.account
  deletion_window_days = var.kms_deletion_window_days
  prefix               = local.prefix
}

module "cost" {
  source = "./modules/cost"

  account         = local.account
  alarm_topic_arn = module.notification.alarm_topic_arn
  cost            = var.cost
  kms_key_arn     = module.encryption.key_arn
  logs            = { kms_key_arn = module.encryption.log_key_arn, retention_days = var.retention_days.logs }
  package_dir     = "${path.root}/../build/lambdas"
  prefix          = local.prefix
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
  log_kms_key_arn       = module.encryption.log_key_arn
  log_retention_days    = var.retention_days.logs
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
  parameters = merge({
    approval_topic_arn          = module.notification.approval_topic_arn
    artifact_bucket             = module.storage.buckets.artifact.name
    create_schema_lambda_name   = module.manifest.functions.create_schema.name
    deploy_step_function_arn    = module.ml_workflow.state_machine_arns.deploy
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
  }, { for api in module.inference_api : "inference_api_url" => api.url })
}
