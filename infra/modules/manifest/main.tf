locals {
  functions = {
    create_schema = "Fills the manifest for one run: names, S3 locations, images, hyperparameters."
    update_schema = "Adds the inference part to the manifest and approves the model package."
  }
  names = { for key in keys(local.functions) : key => "${var.prefix}-${replace(key, "_", "-")}" }
  _common_settings = {
    LOG_LEVEL = "INFO"
    SERVICE   = var.stack.service
    STAGE     = var.stack.stage
  }
  settings = {
    create_schema = merge(local._common_settings, {
      IMAGE_REPOSITORY_URI = var.image_repository_url
      KMS_KEY_ARN          = var.kms_key_arn
      PREBUILT_IMAGE_URI   = var.prebuilt_image_uri
      SOURCE_BUCKET        = var.buckets.source.name
      WORKFLOW_BUCKET      = var.buckets.workflow.name
    })
    update_schema = local._common_settings
  }
}

module "function" {
  source   = "../function"
  for_each = local.functions

  alarm_topic_arn = var.alarm_topic_arn
  description     = each.value
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = local.names[each.key]
  package         = "${var.package_dir}/${each.key}.zip"
  policy          = local.policies[each.key]
  settings        = local.settings[each.key]
  timeout_seconds = 120
}
