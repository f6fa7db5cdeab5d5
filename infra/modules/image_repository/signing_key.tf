# Signs what an image is made of and how it was built. Apart from the key that encrypts: a key is for one of the two,
# and fewer roles may sign than may encrypt.
resource "aws_kms_key" "signing" {
  #checkov:skip=CKV_AWS_7:AWS rotates symmetric keys only; an asymmetric key is replaced by a new one.
  description              = "Signs the bills of materials and the provenance of the images of ${var.prefix}."
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = var.deletion_window_days
  policy                   = data.aws_iam_policy_document.signing_key.json
}

resource "aws_kms_alias" "signing" {
  name          = "alias/${var.prefix}-image-signing"
  target_key_id = aws_kms_key.signing.key_id
}

# In a key policy the resource "*" means "this key", and nothing else can be written there:
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
data "aws_iam_policy_document" "signing_key" {
  #checkov:skip=CKV_AWS_109:A key policy names the key itself as "*"; the account root delegates permissions to IAM roles.
  #checkov:skip=CKV_AWS_111:A key policy names the key itself as "*"; signing is limited by a condition.
  #checkov:skip=CKV_AWS_356:A key policy names the key itself as "*"; no other resource can be named in it.

  # Everything but kms:Sign: the account's IAM policies decide who manages the key and who verifies.
  statement {
    sid = "AccountManagesAndVerifiesThroughIam"
    actions = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:EnableKey",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:GetPublicKey",
      "kms:ListGrants",
      "kms:ListKeyPolicies",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
      "kms:Verify",
    ]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.account.partition}:iam::${var.account.id}:root"]
    }
  }

  # A condition instead of principals: the roles may be created after the key, and KMS refuses a policy that
  # names a role which does not exist.
  statement {
    sid       = "BuildersSign"
    actions   = ["kms:Sign"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.account.partition}:iam::${var.account.id}:root"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = local.signer_arns
    }
  }
}

locals {
  # The role of the image builds in cicd/, and whoever else the account allows to build.
  signer_arns = concat(
    ["arn:${var.account.partition}:iam::${var.account.id}:role/${var.prefix}-cicd-image"],
    tolist(var.signer_arns),
  )
}
