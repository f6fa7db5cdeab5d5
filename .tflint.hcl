# Used by deployment-scripts/tflint.sh for infra/ and each module.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# Checks the values of AWS arguments. `tflint --init` downloads the rules once.
plugin "aws" {
  enabled = true
  version = "0.44.0"
  source  = "github.com/terraform-linters/tflint-ruleset-aws"
}

rule "terraform_naming_convention" {
  enabled = true

  # Intermediate values start with an underscore.
  locals {
    custom = "^_?[a-z][a-z0-9]*(_[a-z0-9]+)*$"
  }
}

# Files are named for their contents: policy.tf, role.tf and trigger.tf beside main.tf.
rule "terraform_standard_module_structure" {
  enabled = false
}
