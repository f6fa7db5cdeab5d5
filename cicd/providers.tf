# Endpoints and credentials come only from the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...),
# so the same code works with AWS and localaws.
provider "aws" {
  region = var.aws_region

  default_tags {
    tags = merge(
      {
        Environment = local.stack
        ManagedBy   = "terraform"
        Part        = "cicd"
        Service     = var.service
        Stage       = var.build_stage
      },
      var.tags,
    )
  }
}
