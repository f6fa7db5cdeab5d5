#!/usr/bin/env bash
# Makes the bucket of the Terraform state, or checks the one that is there; --help says more.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
# shellcheck source=deployment-scripts/lib.sh
source "${ROOT}/deployment-scripts/lib.sh"

main() {
  lz::exec "${ROOT}" create-bucket.sh state_bucket "$@"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
