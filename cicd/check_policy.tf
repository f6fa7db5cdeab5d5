# The step `changes` compares the commit with the last apply.
data "aws_iam_policy_document" "progress" {
  statement {
    sid       = "ReadLastApply"
    actions   = ["s3:GetObject"]
    resources = ["${local.arns.state_bucket}/${local.state.key}.applied"]
  }

  # The ETag of the state tells whether somebody else has applied since; its content stays unread.
  statement {
    sid       = "ListState"
    actions   = ["s3:ListBucket"]
    resources = [local.arns.state_bucket]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.state.key}*"]
    }
  }
}
