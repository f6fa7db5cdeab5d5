# The ARNs of the deployment, by the names that infra/ gives.
locals {
  _services = {
    for service in ["codebuild", "codecommit", "codepipeline", "cloudwatch", "ecr", "events", "kms", "lambda", "logs", "scheduler", "sns", "ssm", "states"] :
    service => "arn:${local.account.partition}:${service}:${local.account.region}:${local.account.id}"
  }
  arns = {
    alarms         = "${local._services.cloudwatch}:alarm:${local.stack}-*"
    apis           = "arn:${local.account.partition}:apigateway:${local.account.region}::/apis"
    build_projects = "${local._services.codebuild}:project/${local.prefix}-*"
    budgets        = "arn:${local.account.partition}:budgets::${local.account.id}:budget/${local.stack}*"
    buckets        = "arn:${local.account.partition}:s3:::${local.stack}-*"
    event_rules    = "${local._services.events}:rule/${local.stack}-*"
    functions      = "${local._services.lambda}:function:${local.stack}-*"
    keys           = "${local._services.kms}:key/*"
    log_groups     = "${local._services.logs}:log-group:/aws/*/${local.stack}-*"
    parameters     = "${local._services.ssm}:parameter/${var.service}/${var.build_stage}"
    pipelines      = "${local._services.codepipeline}:${local.stack}-*"
    policies       = "arn:${local.account.partition}:iam::${local.account.id}:policy/${local.stack}-*"
    report_groups  = "${local._services.codebuild}:report-group/${local.prefix}-*"
    repository     = "${local._services.ecr}:repository/${local.stack}-workflow"
    roles          = "arn:${local.account.partition}:iam::${local.account.id}:role/${local.stack}-*"
    schedules      = "${local._services.scheduler}:schedule/default/${local.stack}-*"
    source_bucket  = "arn:${local.account.partition}:s3:::${local.stack}-${local.account.id}-source-bucket"
    state_bucket   = "arn:${local.account.partition}:s3:::${var.state_bucket}"
    state_machines = "${local._services.states}:stateMachine:${local.stack}-*"
    topics         = "${local._services.sns}:${local.stack}-*"
  }
  # What belongs to the pipeline itself, which the pipeline must not change.
  own = {
    roles    = "arn:${local.account.partition}:iam::${local.account.id}:role/${local.prefix}-*"
    policies = "arn:${local.account.partition}:iam::${local.account.id}:policy/${local.prefix}-*"
    others = [
      "${local._services.codepipeline}:${local.prefix}-*",
      "${local._services.events}:rule/${local.prefix}-*",
      "${local._services.logs}:log-group:/aws/*/${local.prefix}-*",
      "${local._services.scheduler}:schedule/default/${local.prefix}-*",
      "${local._services.sns}:${local.prefix}-*",
      "arn:${local.account.partition}:s3:::${local.prefix}-*",
    ]
  }
  state = {
    # The objects below belong to the state of infra/ and lie beside it.
    key  = "${var.aws_region}/${var.service}/${var.build_stage}/terraform.tfstate"
    cicd = "cicd/terraform.tfstate"
  }
}
