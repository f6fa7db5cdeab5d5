# What `terraform apply` changes in infra/, by the names that infra/ gives.
data "aws_iam_policy_document" "write" {
  #checkov:skip=CKV_AWS_111:Three actions create what has no name or ARN yet; each stands in a statement with its reason.
  #checkov:skip=CKV_AWS_356:Three actions create what has no name or ARN yet; each stands in a statement with its reason.
  statement {
    sid = "WriteBuckets"
    actions = [
      "s3:CreateBucket",
      "s3:DeleteBucket",
      "s3:DeleteBucketPolicy",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:ListBucketVersions",
      "s3:PutBucketLogging",
      "s3:PutBucketNotification",
      "s3:PutBucketOwnershipControls",
      "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketTagging",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = [local.arns.buckets]
  }

  # The key does not exist yet when it is created, so it can only be told by the tags of the request.
  statement {
    sid       = "CreateKey"
    actions   = ["kms:CreateKey", "kms:TagResource"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Service"
      values   = [var.service]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Stage"
      values   = [var.build_stage]
    }
  }

  statement {
    sid = "WriteKey"
    actions = [
      "kms:CreateAlias",
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:DeleteAlias",
      "kms:EnableKeyRotation",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
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

  # An alias has no tags.
  statement {
    sid       = "WriteAlias"
    actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
    resources = ["${local._services.kms}:alias/${local.stack}*"]
  }

  statement {
    sid = "WriteTheRest"
    actions = [
      "budgets:ModifyBudget",
      "budgets:TagResource",
      "budgets:UntagResource",
      "cloudwatch:DeleteAlarms",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:TagResource",
      "cloudwatch:UntagResource",
      "codepipeline:CreatePipeline",
      "codepipeline:DeletePipeline",
      "codepipeline:TagResource",
      "codepipeline:UntagResource",
      "codepipeline:UpdatePipeline",
      "ecr:CreateRepository",
      "ecr:DeleteLifecyclePolicy",
      "ecr:DeleteRepository",
      "ecr:PutImageScanningConfiguration",
      "ecr:PutImageTagMutability",
      "ecr:PutLifecyclePolicy",
      "ecr:TagResource",
      "ecr:UntagResource",
      "events:DeleteRule",
      "events:PutRule",
      "events:PutTargets",
      "events:RemoveTargets",
      "events:TagResource",
      "events:UntagResource",
      "lambda:AddPermission",
      "lambda:CreateFunction",
      "lambda:DeleteFunction",
      "lambda:DeleteFunctionEventInvokeConfig",
      "lambda:PutFunctionConcurrency",
      "lambda:PutFunctionEventInvokeConfig",
      "lambda:RemovePermission",
      "lambda:TagResource",
      "lambda:UntagResource",
      "lambda:UpdateFunctionCode",
      "lambda:UpdateFunctionConfiguration",
      "logs:AssociateKmsKey",
      "logs:CreateLogGroup",
      "logs:DeleteLogGroup",
      "logs:PutRetentionPolicy",
      "logs:TagResource",
      "logs:UntagResource",
      "scheduler:CreateSchedule",
      "scheduler:DeleteSchedule",
      "scheduler:UpdateSchedule",
      "sns:CreateTopic",
      "sns:DeleteTopic",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
      "sns:TagResource",
      "sns:Unsubscribe",
      "sns:UntagResource",
      "ssm:AddTagsToResource",
      "ssm:DeleteParameter",
      "ssm:PutParameter",
      "ssm:RemoveTagsFromResource",
      "states:CreateStateMachine",
      "states:DeleteStateMachine",
      "states:TagResource",
      "states:UntagResource",
      "states:UpdateStateMachine",
    ]
    resources = [
      local.arns.alarms, local.arns.budgets, local.arns.event_rules, local.arns.functions,
      local.arns.log_groups, "${local.arns.parameters}/*", local.arns.pipelines, local.arns.repository,
      local.arns.schedules, local.arns.state_machines, local.arns.topics,
    ]
  }

  # The id of an API is not known before, so these are all APIs of the region.
  statement {
    sid     = "WriteApis"
    actions = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:TagResource"]
    resources = [
      local.arns.apis, "${local.arns.apis}/*",
      # Tags are written by the ARN of the API.
      "arn:${local.account.partition}:apigateway:${local.account.region}::/tags/*",
    ]
  }

  # Step Functions and CodePipeline deliver logs for whoever creates the state machine or the pipeline.
  statement {
    sid = "DeliverLogsOfStateMachines"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    # AWS supports no narrower resource for log deliveries.
    resources = ["*"]
  }

  # The pipeline does not change itself: the names of its resources begin with those of infra/.
  statement {
    sid    = "NeverThePipelineItself"
    effect = "Deny"
    actions = [
      "codepipeline:DeletePipeline",
      "codepipeline:UpdatePipeline",
      "events:DeleteRule",
      "events:PutRule",
      "events:PutTargets",
      "events:RemoveTargets",
      "logs:DeleteLogGroup",
      "s3:DeleteBucket",
      "s3:DeleteObjectVersion",
      "s3:PutBucketPolicy",
      "scheduler:DeleteSchedule",
      "scheduler:UpdateSchedule",
      "sns:DeleteTopic",
      "sns:SetTopicAttributes",
    ]
    resources = local.own.others
  }
}
