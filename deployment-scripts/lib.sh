#!/usr/bin/env bash
# What the shell scripts share: they find a Python and hand over to deployment-scripts/landing_zone/.
# Sourced, never run.

# Prints the Python to use: PYTHON, else the project's own, else python3.
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

# Runs a module of landing_zone in place of this shell.
# Arguments: root of the checkout, the script's name (for messages), module, its arguments
lz::exec() {
  local -r root="$1" name="$2" module="$3"
  shift 3
  local python
  python="$(lz::python "${root}")"
  export LZ_COMMAND="${name}" PYTHONPATH="${root}/deployment-scripts${PYTHONPATH:+:${PYTHONPATH}}"
  exec "${python}" -m "landing_zone.${module}" "$@"
}
