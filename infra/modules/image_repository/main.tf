resource "aws_ecr_repository" "this" {
  name                 = "${var.prefix}-workflow"
  force_delete         = var.force_destroy
  image_tag_mutability = "IMMUTABLE" # a model names its image by tag: the tag must keep its meaning

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
  # A tagged image may serve a model in production, so only what lost its tag goes.
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Untagged images go after two weeks."
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}
