#!/usr/bin/env bash
# Removes the pipeline that deploy-codepipeline.sh has made; asks first. --help says more.
set -euo pipefail

# shellcheck source=deployment-scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  lz::exec destroy-codepipeline.sh "$@"
fi
