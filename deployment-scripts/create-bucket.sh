#!/usr/bin/env bash
# Creates the bucket of the Terraform state, or protects the existing one. --help says more.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec create-bucket.sh "$@"
fi
