#!/usr/bin/env bash
# Removes everything that quick-deploy.sh and the runs have made; asks first. --help says more.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec quick-destroy.sh "$@"
fi
