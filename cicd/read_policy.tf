# What `terraform plan` reads to refresh infra/ and cicd/.
data "aws_iam_policy_document" "read" {
  #checkov:skip=CKV_AWS_356:The only "*" is of actions that list or check, for which AWS supports no resource.
  statement {
    sid = "ReadBuckets"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucketAcl",
      "s3:GetBucketCORS",
      "s3:GetBucketLocation",
      "s3:GetBucketLogging",
      "s3:GetBucketNotification",
      "s3:GetBucketObjectLockConfiguration",
      "s3:GetBucketOwnershipControls",
      "s3:GetBucketPolicy",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketRequestPayment",
      "s3:GetBucketTagging",
      "s3:GetBucketVersioning",
      "s3:GetBucketWebsite",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
      "s3:ListTagsForResource",
    ]
    resources = [local.arns.buckets]
  }

  statement {
    sid       = "ReadKeys"
    actions   = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
    resources = [local.arns.keys]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Service"
      values   = [var.service]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Stage"
      values   = [var.build_stage]
    }
  }

  statement {
    sid = "ReadRoles"
    actions = [
      "iam:GetPolicy",
      "iam:GetPolicyVersion",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListPolicyTags",
      "iam:ListRolePolicies",
      "iam:ListRoleTags",
    ]
    resources = [local.arns.roles, local.arns.policies]
  }

  statement {
    sid = "ReadTheRest"
    actions = [
      "budgets:ListTagsForResource",
      "budgets:ViewBudget",
      "cloudwatch:ListTagsForResource",
      "codebuild:BatchGetProjects",
      "codebuild:BatchGetReportGroups",
      "codepipeline:GetPipeline",
      "codepipeline:ListTagsForResource",
      "ecr:DescribeRepositories",
      "ecr:GetLifecyclePolicy",
      "ecr:ListTagsForResource",
      "events:DescribeRule",
      "events:ListTagsForResource",
      "events:ListTargetsByRule",
      "lambda:GetFunction",
      "lambda:GetFunctionCodeSigningConfig",
      "lambda:GetFunctionEventInvokeConfig",
      "lambda:GetPolicy",
      "lambda:ListTags",
      "lambda:ListVersionsByFunction",
      "logs:ListTagsForResource",
      "scheduler:GetSchedule",
      "sns:GetSubscriptionAttributes",
      "sns:GetTopicAttributes",
      "sns:ListTagsForResource",
      "ssm:GetParameter",
      "ssm:GetParameters",
      "ssm:ListTagsForResource",
      "states:DescribeStateMachine",
      "states:ListStateMachineVersions",
      "states:ListTagsForResource",
    ]
    resources = [
      local.arns.alarms, local.arns.budgets, local.arns.build_projects, local.arns.event_rules,
      local.arns.functions, local.arns.log_groups, "${local.arns.parameters}/*", local.arns.pipelines,
      local.arns.report_groups, local.arns.repository, local.arns.schedules, local.arns.state_machines,
      local.arns.topics,
    ]
  }

  statement {
    sid       = "ReadApis"
    actions   = ["apigateway:GET"]
    resources = ["${local.arns.apis}/*"]
  }

  # A list may hold every alarm of the account.
  statement {
    sid       = "ListAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["${local._services.cloudwatch}:alarm:*"]
  }

  statement {
    sid = "ListWhatHasNoResource"
    actions = [
      "logs:DescribeLogGroups",
      "ssm:DescribeParameters",
      "states:ValidateStateMachineDefinition",
    ]
    # These list or check, and AWS supports no narrower resource for them.
    resources = ["*"]
  }

  # The connection or the repository of the pipeline: its ARN ends with an id that AWS chooses.
  dynamic "statement" {
    for_each = module.source

    content {
      sid       = "ReadSource"
      actions   = statement.value.read_permissions.actions
      resources = statement.value.read_permissions.resources
    }
  }
}
