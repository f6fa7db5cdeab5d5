data "aws_iam_policy_document" "inference" {
  statement {
    sid = "RunTransformJobs"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateTransformJob",
      "sagemaker:DescribeTransformJob",
      "sagemaker:ListTags",
      "sagemaker:StopTransformJob",
    ]
    # {use case}-transform-{uuid}
    resources = ["${local.sagemaker}:transform-job/*-transform-*"]
  }

  # .sync waits for the job's event through a rule that Step Functions manages under this name:
  # https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
  statement {
    sid       = "WaitForJobs"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["${local._head}:events:${local._tail}:rule/StepFunctionsGetEventsForSageMakerTransformJobsRule"]
  }

  statement {
    # HeadObject of {RunId}/training/{job}/output/model.tar.gz.
    sid       = "FindModelData"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.workflow.arn}/*/training/*/output/model.tar.gz"]
  }

  statement {
    sid       = "StartDeployment"
    actions   = ["states:StartExecution"]
    resources = [local.deploy_arn]
  }

  statement {
    sid     = "WatchDeployment"
    actions = ["states:DescribeExecution", "states:StopExecution"]
    # {prefix}-deploy:{name of the execution}
    resources = ["${replace(local.deploy_arn, ":stateMachine:", ":execution:")}:*"]
  }

  # .sync:2 waits for the execution's event in the same way:
  # https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
  statement {
    sid       = "WaitForDeployment"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["${local._head}:events:${local._tail}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"]
  }
}
