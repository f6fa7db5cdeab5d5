resource "aws_kms_key" "this" {
  description             = "Encrypts the buckets, logs, topics, Lambda settings and jobs of ${var.prefix}."
  deletion_window_in_days = var.deletion_window_days
  enable_key_rotation     = true
}

# Separate from the key: the provider waits some seconds until a policy has propagated, and most users of
# the key need only the default policy, which leaves the decision to the account's IAM policies.
resource "aws_kms_key_policy" "this" {
  key_id = aws_kms_key.this.key_id
  policy = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.prefix}"
  target_key_id = aws_kms_key.this.key_id
}
