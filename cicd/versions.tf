terraform {
  # 1.11: the S3 backend locks with a lock file in the bucket (use_lockfile) instead of a DynamoDB table.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Both majors work: no argument is used that only one of them has.
      version = ">= 5.100, < 7"
    }
  }

  # Bucket, key and region differ by account and stage: the deploy script passes them with
  # -backend-config (README.md, "State").
  backend "s3" {
    use_lockfile = true
    encrypt      = true
  }
}
