#!/usr/bin/env bash
# Runs a command of deployment-scripts/landing_zone/ for the shell scripts. Sourced, never run.

# Prints the Python to use: PYTHON, else the project's own, else python3.
# Arguments: root of the checkout
lz::python() {
  local -r root="$1"
  if [[ -n "${PYTHON:-}" ]]; then
    printf '%s\n' "${PYTHON}"
  elif [[ -x "${root}/.venv/bin/python" ]]; then
    printf '%s\n' "${root}/.venv/bin/python"
  elif command -v python3 > /dev/null; then
    command -v python3
  else
    printf 'no Python found: looked for PYTHON, %s and python3; install Python 3.11 or newer\n' \
      "${root}/.venv/bin/python" >&2
    return 1
  fi
}

# Runs the command of a script in place of this shell.
# Arguments: the script's name, its arguments
lz::exec() {
  local root python
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
  python="$(lz::python "${root}")"
  export PYTHONPATH="${root}/deployment-scripts${PYTHONPATH:+:${PYTHONPATH}}"
  exec "${python}" -m landing_zone "$@"
}
