locals {
  _tail     = "${var.account.region}:${var.account.id}"
  _head     = "arn:${var.account.partition}"
  sagemaker = "${local._head}:sagemaker:${local._tail}"
  # Known before it exists: inference starts deploy, and both are made by one block.
  deploy_arn = "${local._head}:states:${local._tail}:stateMachine:${var.prefix}-deploy"
  policies = {
    deploy    = data.aws_iam_policy_document.deploy.json
    inference = data.aws_iam_policy_document.inference.json
    training  = data.aws_iam_policy_document.training.json
  }
  definitions = {
    for key in keys(local.policies) : key => templatefile("${var.definition_dir}/${key}.asl.json", {
      deploy_arn          = local.deploy_arn
      kms_key_arn         = var.kms_key_arn
      plan_deployment_arn = var.deployment_functions.plan_deployment
      prefix              = var.prefix
      sagemaker_role_arn  = aws_iam_role.sagemaker.arn
      test_endpoint_arn   = var.deployment_functions.test_endpoint
    })
  }
}

module "machine" {
  source   = "../state_machine"
  for_each = local.policies

  account         = var.account
  alarm_topic_arn = var.alarm_topic_arn
  definition      = local.definitions[each.key]
  logs            = var.logs
  name            = "${var.prefix}-${each.key}"
  policy          = each.value
}
