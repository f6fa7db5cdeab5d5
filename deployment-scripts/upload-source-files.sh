#!/usr/bin/env bash
# Uploads job code, use cases and manifest; a changed manifest starts a run. --help says more.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
# shellcheck source=deployment-scripts/lib.sh
source "${ROOT}/deployment-scripts/lib.sh"

main() {
  lz::exec "${ROOT}" upload-source-files.sh upload "$@"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
