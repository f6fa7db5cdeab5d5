"""An environment for each peer, under build/benchmarks: their requirements must not meet ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

ENVIRONMENTS = Path(__file__).resolve().parents[2] / "build/benchmarks/environments"
MODEL_PACKAGES = ("joblib", "scikit-learn")  # a model is loaded by the version that saved it


class UnavailableError(Exception):
    """A peer cannot be installed or started here; the message becomes its row in the table."""


def pinned_model_packages() -> list[str]:
    return [f"{name}=={metadata.version(name)}" for name in MODEL_PACKAGES]


def make_environment(folder: Path, packages: tuple[str, ...]) -> Path:
    """The interpreter of an environment with `packages`, made when it is not there yet."""
    wanted = "\n".join([*packages, *pinned_model_packages()])
    python, done = folder / "bin" / "python", folder / "installed.txt"
    if done.is_file() and done.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    uv = shutil.which("uv")
    try:
        if uv:
            _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
            _run(uv, "pip", "install", "--quiet", "--python", str(python), *wanted.split("\n"))
        else:
            venv.create(folder, with_pip=True)
            _run(str(python), "-m", "pip", "install", "--quiet", *wanted.split("\n"))
    except subprocess.CalledProcessError as error:
        reason = (error.stderr or "").strip().splitlines()[-1:] or ["no reason given"]
        raise UnavailableError(f"cannot be installed: {reason[0]}") from error
    done.write_text(wanted)
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def versions(python: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """What is installed, by name."""
    names = [package.partition("[")[0].partition("=")[0] for package in packages]
    code = "import sys; from importlib.metadata import version\nfor n in sys.argv[1:]: print(version(n))"
    output = subprocess.run(
        [python, "-c", code, *names], check=True, capture_output=True, text=True
    ).stdout
    return dict(zip(names, output.split(), strict=True))
