#!/usr/bin/env bash
# Lints the Terraform with tflint, where it is installed; says so where it is not.
#
#   bash deployment-scripts/tflint.sh [--fix]
#
# .tflint.hcl has the rules. Those about AWS are a plugin, which `tflint --init` downloads once.

set -euo pipefail

readonly LINK="https://github.com/terraform-linters/tflint#installation"

#######################################
# Run tflint on the root module and every module below it.
# Globals:   TFLINT_PLUGIN_DIR (optional): where the plugins are
# Arguments: options for tflint
# Outputs:   tflint's findings; exits with its code
#######################################
main() {
  local root
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
  local -r root
  if ! command -v tflint > /dev/null; then
    echo "tflint is not installed, so its checks were skipped. To run them: ${LINK}"
    return 0
  fi
  tflint --init --config="${root}/.tflint.hcl"
  tflint --config="${root}/.tflint.hcl" --chdir="${root}/infra" --recursive "$@"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
