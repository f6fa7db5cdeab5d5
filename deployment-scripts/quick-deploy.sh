#!/usr/bin/env bash
# Deploys everything to the target that the settings name (env.sh lists them). --help says more.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec quick-deploy.sh "$@"
fi
