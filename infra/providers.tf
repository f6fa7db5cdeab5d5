# Endpoints and credentials come from the environment alone (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...),
# so the same code reaches AWS and localaws. See README.md, "Against localaws".
provider "aws" {
  region = var.aws_region

  default_tags {
    tags = merge(
      {
        Service   = var.service
        Stage     = var.build_stage
        ManagedBy = "terraform"
      },
      var.tags,
    )
  }
}
