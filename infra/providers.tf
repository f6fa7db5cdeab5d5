# Endpoints and credentials come only from the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...),
# so the same code works with AWS and localaws. See README.md, "Against localaws".
provider "aws" {
  region = var.aws_region

  # Another account, for example that of production. The state stays in the account of the credentials.
  dynamic "assume_role" {
    for_each = var.account_role_arn == null ? [] : [var.account_role_arn]

    content {
      role_arn     = assume_role.value
      session_name = "${var.service}-${var.build_stage}"
    }
  }

  default_tags {
    tags = merge(
      {
        # Jobs and endpoints have it too: a budget counts what has this tag.
        Environment = local.prefix
        ManagedBy   = "terraform"
        Service     = var.service
        Stage       = var.build_stage
      },
      var.tags,
    )
  }
}
