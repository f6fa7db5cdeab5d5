# A decision in the model registry starts a deployment. The state machine does nothing when the endpoint has what
# the registry says, so a pending version that is rejected, or one that the ML pipeline deploys, changes nothing.
resource "aws_cloudwatch_event_rule" "decision" {
  name        = "${local.prefix}-model-decision"
  description = "Starts ${local.prefix}-deploy when a version of a model is approved or rejected."
  event_pattern = jsonencode({
    source      = ["aws.sagemaker"]
    detail-type = ["SageMaker Model Package State Change"]
    detail = {
      ModelPackageGroupName = [{ prefix = "${local.prefix}-" }]
      ModelApprovalStatus   = ["Approved", "Rejected"]
    }
  })
}

resource "aws_cloudwatch_event_target" "deploy" {
  rule      = aws_cloudwatch_event_rule.decision.name
  target_id = "deploy"
  arn       = var.deploy_machine_arn
  role_arn  = aws_iam_role.trigger.arn

  input_transformer {
    input_paths = {
      group   = "$.detail.ModelPackageGroupName"
      package = "$.detail.ModelPackageArn"
      status  = "$.detail.ModelApprovalStatus"
    }
    # An endpoint costs money by the hour: an event updates one and never creates one.
    input_template = "{\"ModelPackageGroupName\": \"<group>\", \"Target\": \"prod\", \"Reason\": \"<package> is <status>\", \"RunId\": \"\", \"MayCreate\": false}"
  }
}

data "aws_iam_policy_document" "trigger_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.decision.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

data "aws_iam_policy_document" "trigger" {
  statement {
    sid       = "StartDeployment"
    actions   = ["states:StartExecution"]
    resources = [var.deploy_machine_arn]
  }
}

resource "aws_iam_role" "trigger" {
  name               = "${local.prefix}-model-decision"
  description        = "Lets EventBridge start ${local.prefix}-deploy."
  assume_role_policy = data.aws_iam_policy_document.trigger_assume.json
}

resource "aws_iam_role_policy" "trigger" {
  name   = "start"
  role   = aws_iam_role.trigger.id
  policy = data.aws_iam_policy_document.trigger.json
}
