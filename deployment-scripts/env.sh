#!/usr/bin/env bash
# The settings of a deployment, each with a default that the environment overrides.
#
#   bash deployment-scripts/env.sh          prints every setting: value, origin, meaning, what is allowed
#   source deployment-scripts/env.sh        sets what Terraform needs, for `terraform -chdir=infra ...` by hand
#
# The table itself is in deployment-scripts/landing_zone/settings.py.

env::root() {
  cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd
}

env::print() {
  local root
  root="$(env::root)"
  # shellcheck source=deployment-scripts/lib.sh
  source "${root}/deployment-scripts/lib.sh"
  lz::exec "${root}" env.sh environment "$@"
}

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
