#!/usr/bin/env bash
# Uploads job code, use cases and manifest; a changed manifest starts a run. --help says more.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec upload-source-files.sh "$@"
fi
