# Who may do what: one role for each group of builds. docs/gitops.md explains the separation.
locals {
  builds = {
    # Runs the code of a commit before anybody has looked at it, so it may read nothing and change nothing.
    check = {
      policies = { progress = data.aws_iam_policy_document.progress.json }
      projects = {
        changes = { buildspec = "changes", description = "Whether the commit changes what Terraform deploys." }
        lint    = { buildspec = "lint", description = "Style, types, shell scripts, Terraform.", compute_type = "BUILD_GENERAL1_MEDIUM" }
        policy  = { buildspec = "policy", description = "checkov on the Terraform." }
        test = {
          buildspec    = "test"
          description  = "Tests, with reports of cases and coverage."
          compute_type = "BUILD_GENERAL1_MEDIUM"
          reports      = { junit = "TEST", cobertura = "CODE_COVERAGE" }
        }
      }
    }
    image = {
      policies = { push = data.aws_iam_policy_document.image.json }
      projects = {
        image = {
          buildspec    = "image"
          description  = "Builds the image of jobs and endpoints, and pushes it with the commit as its tag."
          compute_type = "BUILD_GENERAL1_MEDIUM"
          # The Docker daemon needs it.
          privileged = true
        }
      }
    }
    plan = {
      policies = {
        read  = data.aws_iam_policy_document.read.json
        state = data.aws_iam_policy_document.plan.json
      }
      projects = {
        plan   = { buildspec = "plan", description = "Plans, checks the plan against the policy, stores it." }
        verify = { buildspec = "verify", description = "Plans again after the apply: nothing may be left to change." }
      }
    }
    apply = {
      policies = {
        read  = data.aws_iam_policy_document.read.json
        roles = data.aws_iam_policy_document.apply_roles.json
        state = data.aws_iam_policy_document.apply.json
        write = data.aws_iam_policy_document.write.json
      }
      projects = {
        apply = { buildspec = "apply", description = "Applies exactly the plan that was approved.", timeout_minutes = 60 }
      }
    }
    upload = {
      policies = { upload = data.aws_iam_policy_document.upload.json }
      projects = {
        upload = {
          buildspec   = "upload"
          description = "Uploads job code, use cases and manifest, which starts the ML pipeline."
          environment = { REQUIRE_SIGNED_IMAGE = tostring(var.require_signed_image) }
        }
      }
    }
  }
}
