resource "aws_ssm_parameter" "this" {
  #checkov:skip=CKV2_AWS_34:Names and ARNs that scripts and people read, nothing secret; with SecureString every reader would need the key.
  #checkov:skip=CKV_AWS_337:Names and ARNs that scripts and people read, nothing secret.
  for_each = var.parameters

  name  = "${var.path}/${each.key}"
  type  = "String"
  value = each.value
}
