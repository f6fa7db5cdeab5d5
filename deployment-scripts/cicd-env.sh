#!/usr/bin/env bash
# The settings of the pipeline in cicd/, each with a default that the environment overrides.
#
#   bash deployment-scripts/cicd-env.sh          prints every setting: value, origin, meaning, what is allowed
#
# The table of settings is in deployment-scripts/landing_zone/delivery/settings.py.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec cicd-env.sh "$@"
fi
