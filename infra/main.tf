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

module "storage" {
  source = "./modules/storage"

  access_log_bucket = var.access_log_bucket
  account           = local.account
  force_destroy     = var.force_destroy
  kms_key_arn       = module.encryption.key_arn
  prefix            = local.prefix
  retention_days = {
    artifacts = var.retention_days.artifacts
    captures  = var.retention_days.captures
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
