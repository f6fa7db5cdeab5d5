#!/usr/bin/env bash
# The settings of a deployment, each with a default that the environment overrides.
#
#   bash deployment-scripts/env.sh          prints every setting: value, origin, meaning, what is allowed
#   source deployment-scripts/env.sh        sets what Terraform needs, for `terraform -chdir=infra ...` by hand
#
# The table of settings is in deployment-scripts/landing_zone/core/settings.py.

# In a subshell, so that sourcing this file defines nothing but the variables.
env::print() (
  # shellcheck source=deployment-scripts/lib.sh
  source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
  lz::exec env.sh "$@"
)

# Sets the variables in the calling shell; leaves its options alone.
env::load() {
  local exports
  exports="$(env::print --exports)" || return
  eval "${exports}"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  set -euo pipefail
  env::print "$@"
else
  env::load
fi
