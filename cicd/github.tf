# The roles of the workflows of GitHub. They may do what the builds of the same purpose may.
variable "github_repository" {
  description = "GitHub repository whose workflows get roles: name, ids where its tokens name them in sub, provider_arn where the account has a provider. null: no roles."
  type = object({
    name         = string
    ids          = optional(object({ owner = string, repository = string }))
    provider_arn = optional(string)
  })
  default = null
}

module "github_oidc" {
  source = "./modules/github_oidc"
  count  = var.github_repository == null ? 0 : 1

  account        = local.account
  branch         = var.branch
  environments   = { apply = var.build_stage }
  key_tags       = { Service = var.service, Stage = var.build_stage }
  parameter_path = "/${var.service}/${var.build_stage}"
  policies = {
    apply  = merge(local.builds.apply.policies, { artifacts = data.aws_iam_policy_document.github_artifacts.json })
    drift  = merge(local.builds.plan.policies, { artifacts = data.aws_iam_policy_document.github_artifacts.json })
    plan   = merge(local.builds.plan.policies, { artifacts = data.aws_iam_policy_document.github_artifacts.json })
    upload = local.builds.upload.policies
  }
  prefix       = local.prefix
  provider_arn = var.github_repository.provider_arn
  repository   = { name = var.github_repository.name, ids = var.github_repository.ids }
  stack        = local.stack
}

# What every build has besides: the stored plans, and their key.
data "aws_iam_policy_document" "github_artifacts" {
  statement {
    sid       = "ReadPlans"
    actions   = ["s3:GetObject"]
    resources = ["${module.artifacts.bucket.arn}/plans/*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [module.encryption.key_arn]
  }
}

output "github_role_arns" {
  description = "ARN of each role of the workflows by purpose; empty without github_repository."
  value       = one(module.github_oidc[*].role_arns)
}
