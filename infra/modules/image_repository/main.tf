resource "aws_ecr_repository" "this" {
  name         = "${var.prefix}-workflow"
  force_delete = var.force_destroy
  # A model names its image by tag, so a tag must not move to another image.
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  # A tagged image may serve a model in production, so only untagged images expire.
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Untagged images expire after two weeks."
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}
