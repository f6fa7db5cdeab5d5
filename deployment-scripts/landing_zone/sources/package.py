"""Builds what is deployed beside the Terraform: the Lambda packages and the job code.

The same sources give the same bytes: `terraform plan` sees a new function, and a run a new code version, only
when something changed. Dependencies are copied from this environment, so no network is needed.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from landing_zone.core.errors import OperatorError
from landing_zone.sources.checkout import CODE_VERSION
from landing_zone.sources.job_code import code_version, source_files

FUNCTIONS = (
    "create_schema",
    "find_idle_endpoints",
    "infer",
    "pause_dev_endpoints",
    "plan_deployment",
    "plan_drift",
    "probe",
    "start_job",
    "start_retraining",
    "test_endpoint",
    "update_schema",
)
# Lambda's runtime has boto3. Without their optional compiled parts these are pure Python, so that one package
# runs on every processor and every version of Python.
DEPENDENCIES = {"fastjsonschema": "fastjsonschema", "PyYAML": "yaml"}
# Modules of the job code that a function uses too; they need the standard library only.
SHARED = {
    "infer": (
        "ml/__init__.py",
        "ml/config/__init__.py",
        "ml/config/cells.py",
        "ml/config/columns.py",
        "ml/config/section.py",
        "ml/errors.py",
        "ml/inference/__init__.py",
        "ml/inference/requests.py",
    ),
}
SCHEMAS = ("manifest.schema.json", "use_case.schema.json")
# The earliest date that a zip can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3

Files = Mapping[str, bytes]


def function_files(root: Path, function: str) -> dict[str, bytes]:
    """The files of a zip by name. With handler.py at the root, each function's handler is handler.handler."""
    files = {f"common/{name}": body for name, body in _sources(root / "lambdas/common")}
    for name, body in _sources(root / "lambdas" / function):
        files["handler.py" if name == "handler.py" else f"{function}/{name}"] = body
    for name in SHARED.get(function, ()):
        files[name] = _read(root / "workflow" / name)
    for name in SCHEMAS:
        files[f"config/{name}"] = _read(root / "config" / name)
    for distribution, package in DEPENDENCIES.items():
        files |= _installed(distribution, package)
    return files


def code_files(root: Path) -> dict[str, bytes]:
    """The job code by name, below code/{CodeVersion}/ in S3 and in sourcedir.tar.gz."""
    return {name: _read(path) for name, path in source_files(root / "workflow").items()}


def built_files(root: Path) -> dict[str, bytes]:
    """The job code, its archive and its version, below code/{CodeVersion}/ in S3."""
    files = code_files(root)
    return {
        **files,
        "sourcedir.tar.gz": tar_gz_bytes(files),
        CODE_VERSION: f"{code_version(root / 'workflow')}\n".encode(),
    }


def zip_bytes(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            # The permissions below are those of Unix, wherever the zip is built.
            info.create_system = _UNIX
            info.external_attr = 0o644 << 16
            archive.writestr(info, body)
    return buffer.getvalue()


def tar_gz_bytes(files: Files) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, body in sorted(files.items()):
            # Its owner and its date are 0.
            info = tarfile.TarInfo(name)
            info.size = len(body)
            info.mode = 0o644
            archive.addfile(info, io.BytesIO(body))
    return gzip.compress(tar.getvalue(), mtime=0)


def build(root: Path, target: Path) -> dict[Path, int]:
    """Write everything below `target`; return the written files with their sizes."""
    made: dict[Path, int] = {}
    for function in FUNCTIONS:
        made |= _write(
            target / "lambdas" / f"{function}.zip", zip_bytes(function_files(root, function))
        )
    code = built_files(root)
    for name, body in code.items():
        made |= _write(target / "code" / name, body)
    _remove_others(target / "code", set(code))
    return made


def _sources(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The Python files below a folder, with their path in it."""
    paths = sorted(folder.rglob("*.py"))
    if not paths:
        raise OperatorError(f"{folder}: found no Python file; is the checkout complete?")
    for path in paths:
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise OperatorError(f"{path}: not found; is the checkout complete?")
    return path.read_bytes()


def _installed(distribution: str, package: str) -> dict[str, bytes]:
    """The Python files of an installed package and its license."""
    try:
        listed = metadata.distribution(distribution).files or []
    except metadata.PackageNotFoundError as error:
        raise OperatorError(
            f"{distribution} is not installed in {sys.prefix}; install requirements/base.txt there "
            "or run this with the project's own Python (make local does)"
        ) from error
    files = {}
    for path in listed:
        if path.parts[0] == package and path.suffix == ".py":
            files[path.as_posix()] = path.read_binary()
        elif path.name.upper().startswith("LICENSE"):
            files[f"licenses/{distribution}-{path.name}"] = path.read_binary()
    if f"{package}/__init__.py" not in files:
        raise OperatorError(f"{distribution}: {package}/__init__.py is not among its files")
    return files


def _write(path: Path, body: bytes) -> dict[Path, int]:
    """Replace the file in one step: a deploy at the same time reads the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(body)
    temporary.replace(path)
    return {path: len(body)}


def _remove_others(folder: Path, names: set[str]) -> None:
    """Delete files of an earlier build: a script that no longer exists must not be uploaded."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                shutil.rmtree(path)
        elif path.relative_to(folder).as_posix() not in names:
            path.unlink()


def summary(written: Mapping[Path, int], target: Path) -> str:
    """The packages with their sizes, and the version of the job code."""
    lines = [
        f"{_shown(path)}  {size / 1024:.0f} KiB"
        for path, size in written.items()
        if path.suffix in {".zip", ".gz"}
    ]
    scripts = sum(path.suffix == ".py" for path in written)
    version = (target / "code" / CODE_VERSION).read_text().strip()
    return "\n".join([*lines, f"{_shown(target / 'code')}/  {scripts} scripts, version {version}"])


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
