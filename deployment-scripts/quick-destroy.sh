#!/usr/bin/env bash
# Removes everything quick-deploy.sh and the runs made; asks first. --help says more.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
# shellcheck source=deployment-scripts/lib.sh
source "${ROOT}/deployment-scripts/lib.sh"

main() {
  lz::exec "${ROOT}" quick-destroy.sh teardown "$@"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
