locals {
  _sagemaker = "arn:${var.account.partition}:sagemaker:${var.account.region}:${var.account.id}"
}

data "aws_iam_policy_document" "infer" {
  statement {
    sid     = "CallEndpoints"
    actions = ["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"]
    # One endpoint per use case, and one in dev.
    resources = ["${local._sagemaker}:endpoint/${var.prefix}-*"]
  }

  statement {
    sid     = "ReadTagsOfTheConfiguration"
    actions = ["sagemaker:ListTags"]
    # A new one for each version.
    resources = ["${local._sagemaker}:endpoint-config/${var.prefix}-*"]
  }

  statement {
    sid       = "KnowUseCases"
    actions   = ["sagemaker:DescribeModelPackageGroup"]
    resources = ["${local._sagemaker}:model-package-group/${var.prefix}-*"]
  }

  statement {
    # The use case of the run that trained the live model; the key is that of the function's settings.
    sid       = "ReadUseCase"
    actions   = ["s3:GetObject"]
    resources = ["${var.workflow_bucket.arn}/*/config/use_case.json"]
  }
}

module "infer" {
  source = "../function"

  alarm_topic_arn = var.alarm_topic_arn
  description     = "Answers the requests of the inference API."
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = "${var.prefix}-infer"
  package         = "${var.package_dir}/infer.zip"
  policy          = data.aws_iam_policy_document.infer.json
  settings = {
    LOG_LEVEL       = "INFO"
    PREFIX          = var.prefix
    WORKFLOW_BUCKET = var.workflow_bucket.name
  }
  # Below the 30 s of API Gateway, which would answer 503 then.
  timeout_seconds = 29
}

resource "aws_lambda_permission" "this" {
  statement_id  = "api-gateway"
  action        = "lambda:InvokeFunction"
  function_name = module.infer.name
  principal     = "apigateway.amazonaws.com"
  # Any method and path of this stage: the routes are those of main.tf.
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/${local.stage}/*"
}
