#!/usr/bin/env bash
# Locks requirements/*.in into requirements/*.txt: exact versions with hashes, for every platform, and no
# address of an index in them.
#
#   bash deployment-scripts/lock.sh [--upgrade]
#
# Without --upgrade versions stay as they are where the .in files allow it.
set -euo pipefail

# shellcheck source=deployment-scripts/venv.sh
source "$(dirname "${BASH_SOURCE[0]}")/venv.sh" # sets ROOT

main() {
  if [[ "${1:-}" == "--help" || "${1:-}" == "-h" ]]; then
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    return
  fi
  local uv name
  local -a constraints localaws
  uv="$(venv::uv)"
  # base first: what the others share with base has the same versions.
  for name in base test image app checkov sagemaker terraform uv; do
    printf 'requirements/%s.txt\n' "${name}"
    constraints=()
    [[ "${name}" != test && "${name}" != image && "${name}" != app ]] || constraints=(--constraints base.txt)
    # .venv runs localaws, as an editable package: its requirements are locked together with ours.
    localaws=()
    [[ "${name}" != base && "${name}" != test ]] || localaws=(../localaws/pyproject.toml --all-extras)
    (cd "${ROOT}/requirements" && "${uv}" pip compile --quiet --universal --python-version 3.11 \
      --generate-hashes --no-header --no-annotate --no-emit-index-url "$@" \
      "${constraints[@]}" "${name}.in" "${localaws[@]}" --output-file "${name}.txt")
  done
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
