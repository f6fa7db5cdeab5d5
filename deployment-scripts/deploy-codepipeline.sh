#!/usr/bin/env bash
# Deploys the pipeline that deploys this repository. --help says more.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec deploy-codepipeline.sh "$@"
fi
