data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  # The stack of infra/, which the pipeline deploys, and this one.
  stack  = "${var.service}-${var.build_stage}"
  prefix = "${local.stack}-cicd"
  account = {
    id        = data.aws_caller_identity.this.account_id
    partition = data.aws_partition.this.partition
    region    = var.aws_region
  }
  # deployment-scripts/cicd-env.sh prints what they mean. CodeBuild refuses empty values.
  environment = { for name, value in local._environment : name => value if value != "" && value != null }
  _environment = {
    ARTIFACT_BUCKET    = module.artifacts.bucket.name
    AWS_REGION         = var.aws_region
    BRANCH             = var.branch
    BUILD_STAGE        = var.build_stage
    CONNECTION_ARN     = var.connection_arn
    FULL_REPOSITORY_ID = var.repository
    IMAGE              = var.image
    SERVICE            = var.service
    SOURCE_PROVIDER    = var.source_provider
    STATE_BUCKET       = var.state_bucket
    TEST_PATHS         = var.test_paths
  }
}

# The modules of infra/ that fit as they are.
module "encryption" {
  source = "../infra/modules/encryption"

  account              = local.account
  deletion_window_days = var.kms_deletion_window_days
  prefix               = local.prefix
}

module "notification" {
  source = "../infra/modules/notification"
  count  = var.create_pipeline ? 1 : 0

  account     = local.account
  emails      = var.notification_emails
  kms_key_arn = module.encryption.key_arn
  prefix      = local.prefix
}

module "artifacts" {
  source = "./modules/artifacts"

  account_id     = local.account.id
  kms_key_arn    = module.encryption.key_arn
  prefix         = local.prefix
  retention_days = var.retention_days.artifacts
}

module "source" {
  source = "./modules/source"
  count  = var.create_pipeline ? 1 : 0

  account           = local.account
  branch            = var.branch
  connection_arn    = var.connection_arn
  create_repository = var.create_repository
  kms_key_arn       = module.encryption.key_arn
  prefix            = local.prefix
  provider_name     = var.source_provider
  provider_type     = var.provider_type
  repository        = var.repository
}

module "builds" {
  source   = "./modules/builds"
  for_each = { for name, group in merge(local.builds, local.drift_builds) : name => group if var.create_pipeline }

  account            = local.account
  artifact_bucket    = module.artifacts.bucket
  environment        = local.environment
  image              = var.build_image
  kms_key_arn        = module.encryption.key_arn
  log_kms_key_arn    = module.encryption.log_key_arn
  log_retention_days = var.retention_days.logs
  name               = each.key
  policies           = each.value.policies
  prefix             = local.prefix
  projects           = each.value.projects
}

module "pipeline" {
  source = "./modules/pipeline"
  count  = var.create_pipeline ? 1 : 0

  account            = local.account
  alarm_topic_arn    = module.notification[0].alarm_topic_arn
  approval_topic_arn = module.notification[0].approval_topic_arn
  artifact_bucket    = module.artifacts.bucket
  branch             = var.branch
  drift              = var.drift
  ignored_paths      = var.ignored_paths
  kms_key_arn        = module.encryption.key_arn
  prefix             = local.prefix
  projects           = merge([for builds in module.builds : builds.projects]...)
  source_action      = module.source[0].action
}
