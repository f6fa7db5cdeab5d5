#!/usr/bin/env bash
# Deploys everything to where the settings point (env.sh lists them); --help says more.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
# shellcheck source=deployment-scripts/lib.sh
source "${ROOT}/deployment-scripts/lib.sh"

main() {
  lz::exec "${ROOT}" quick-deploy.sh deploy "$@"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
