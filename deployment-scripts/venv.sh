#!/usr/bin/env bash
# Makes .venv (or .app, .checkov, .sagemaker) from a lock file, with uv where it can be had and pip otherwise.
#
#   bash deployment-scripts/venv.sh base|test|app|checkov|sagemaker
#
# base runs the landing zone, test adds what its tests and linters need. The sentiment app, checkov and SageMaker's
# SDK have environments of their own. Does nothing when the environment was made from this lock file already.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT

# Prints a Python >= 3.11 to make the environment with.
venv::find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
    if [[ -n "${candidate}" ]] && command -v "${candidate}" > /dev/null &&
      "${candidate}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      command -v "${candidate}"
      return
    fi
  done
  printf 'venv.sh: no Python 3.11 or newer found; install one from https://www.python.org/downloads/\n' >&2
  return 1
}

# Makes an empty environment.
# Arguments: its folder
venv::create() {
  local -r folder="$1"
  local python
  python="$(venv::find_python)"
  if ! "${python}" -m venv "${folder}"; then
    printf 'venv.sh: %s cannot make an environment; on Debian: apt-get install python3-venv\n' \
      "${python}" >&2
    return 1
  fi
}

# Prints the path of uv, fetched with its hash checked; fails when it cannot be had.
# It stands beside the packages, not among them: syncing those would remove it.
venv::uv() {
  local -r folder="${ROOT}/.venv/share/uv"
  if [[ ! -x "${folder}/bin/uv" ]]; then
    [[ -x "${ROOT}/.venv/bin/python" ]] || venv::create "${ROOT}/.venv" >&2
    "${ROOT}/.venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
      --require-hashes --upgrade --target "${folder}" -r "${ROOT}/requirements/uv.txt" >&2 || return
  fi
  printf '%s\n' "${folder}/bin/uv"
}

# Installs exactly what the lock file says, with its hashes, and localaws from this checkout where the lock
# file holds what it needs.
# Arguments: folder of the environment, lock file, true where localaws is wanted
venv::install() {
  local -r folder="$1" lock="$2" localaws="$3"
  # Its build backend is in the lock file, so nothing is fetched to build it.
  local -ra editable=(--no-deps --no-build-isolation --editable "${ROOT}/localaws")
  local uv index
  # uv does not read pip's settings: an index of one's own is handed over.
  index="$("${folder}/bin/python" -m pip config get global.index-url 2> /dev/null || true)"
  if uv="$(venv::uv)" && env ${index:+UV_DEFAULT_INDEX="${index}"} \
    ${PIP_CERT:+SSL_CERT_FILE="${SSL_CERT_FILE:-${PIP_CERT}}"} \
    "${uv}" pip sync --quiet --require-hashes --python "${folder}/bin/python" "${lock}"; then
    "${localaws}" || return 0
    "${uv}" pip install --quiet --offline --python "${folder}/bin/python" "${editable[@]}"
    return
  fi
  printf 'venv.sh: uv could not do it; pip goes on, which takes longer\n' >&2
  "${folder}/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "${lock}"
  ! "${localaws}" ||
    "${folder}/bin/python" -m pip install -qq --disable-pip-version-check --no-index "${editable[@]}"
}

# Prints a checksum of a lock file and of what says how localaws is installed.
venv::checksum() {
  cat "$1" "${ROOT}/localaws/pyproject.toml" | cksum
}

main() {
  local -r name="${1:-}"
  local folder=".venv" localaws=true
  case "${name}" in
    base | test) ;;
    app) folder=".app" localaws=false ;;
    checkov) folder=".checkov" localaws=false ;;
    sagemaker) folder=".sagemaker" localaws=false ;;
    *)
      sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      [[ "${name}" == "--help" || "${name}" == "-h" ]]
      return
      ;;
  esac
  local -r target="${ROOT}/${folder}" lock="${ROOT}/requirements/${name}.txt"
  local -r stamp="${target}/.made-from-${name}"
  local wanted
  wanted="$(venv::checksum "${lock}")"
  if [[ -f "${stamp}" && "$(< "${stamp}")" == "${wanted}" ]]; then
    return
  fi
  # test holds all of base: nothing to do, and syncing base would remove the rest.
  if [[ "${name}" == base && -f "${target}/.made-from-test" ]] &&
    [[ "$(< "${target}/.made-from-test")" == "$(venv::checksum "${ROOT}/requirements/test.txt")" ]]; then
    return
  fi
  printf 'installing requirements/%s.txt into %s ...\n' "${name}" "${folder}" >&2
  [[ -x "${target}/bin/python" ]] || venv::create "${target}"
  rm -f "${target}"/.made-from-*
  venv::install "${target}" "${lock}" "${localaws}"
  printf '%s' "${wanted}" > "${stamp}"
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  main "$@"
fi
