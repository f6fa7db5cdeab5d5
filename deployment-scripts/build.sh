#!/usr/bin/env bash
# Builds, pushes and signs the container image of this commit. --help says more.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec build.sh "$@"
fi
