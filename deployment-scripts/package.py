"""Build what is deployed beside the Terraform: the Lambda packages and the job code.

    python deployment-scripts/package.py

    build/lambdas/{function}.zip    handler.py, the function's modules, common/, schemas, dependencies
    build/code/                     the job scripts, ml/, and sourcedir.tar.gz with all of them
    build/code/CODE_VERSION         12 characters of a SHA-256 over the job code

The same sources give the same bytes: `terraform plan` sees a new function, and a run a new code version,
only when something changed. Needs no network: dependencies are copied from this environment.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shutil
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ("create_schema", "update_schema")
# boto3 comes with Lambda's runtime. These are pure Python without their optional compiled parts, so
# one package runs on every processor and Python version.
DEPENDENCIES = {"fastjsonschema": "fastjsonschema", "PyYAML": "yaml"}
SCHEMAS = ("manifest.schema.json", "use_case.schema.json")
JOB_SCRIPTS = ("preprocess.py", "train.py", "evaluate.py", "inference.py")
JOB_PACKAGE = "ml"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can hold

Files = Mapping[str, bytes]


class PackagingError(Exception):
    """Something that belongs into a package is not there."""


def function_files(root: Path, function: str) -> dict[str, bytes]:
    """Name in the zip -> content. With handler.py at the root every function's is handler.handler."""
    files = {f"common/{name}": body for name, body in _sources(root / "lambdas/common")}
    for name, body in _sources(root / "lambdas" / function):
        files["handler.py" if name == "handler.py" else f"{function}/{name}"] = body
    for name in SCHEMAS:
        files[f"config/{name}"] = _read(root / "config" / name)
    for distribution, package in DEPENDENCIES.items():
        files |= _installed(distribution, package)
    return files


def code_files(root: Path) -> dict[str, bytes]:
    """The job code as it lies in S3 and in the root of sourcedir.tar.gz."""
    files = {name: _read(root / "workflow" / name) for name in JOB_SCRIPTS}
    package = root / "workflow" / JOB_PACKAGE
    return files | {f"{JOB_PACKAGE}/{name}": body for name, body in _sources(package)}


def code_version(files: Files) -> str:
    digest = hashlib.sha256()
    for name, body in sorted(files.items()):
        digest.update(f"{name}\0{len(body)}\0".encode())
        digest.update(body)
    return digest.hexdigest()[:12]


def zip_bytes(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, also when built elsewhere: the permissions are Unix ones
            info.external_attr = 0o644 << 16
            archive.writestr(info, body)
    return buffer.getvalue()


def tar_gz_bytes(files: Files) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, body in sorted(files.items()):
            info = tarfile.TarInfo(name)  # owner 0, date 0
            info.size = len(body)
            info.mode = 0o644
            archive.addfile(info, io.BytesIO(body))
    return gzip.compress(tar.getvalue(), mtime=0)


def build(root: Path, target: Path) -> dict[Path, int]:
    """Write everything below `target`; return the packages with their sizes."""
    made: dict[Path, int] = {}
    for function in FUNCTIONS:
        made |= _write(
            target / "lambdas" / f"{function}.zip", zip_bytes(function_files(root, function))
        )
    files = code_files(root)
    code = {
        **files,
        "sourcedir.tar.gz": tar_gz_bytes(files),
        "CODE_VERSION": f"{code_version(files)}\n".encode(),
    }
    for name, body in code.items():
        made |= _write(target / "code" / name, body)
    _remove_others(target / "code", set(code))
    return made


def _sources(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Python files below a folder, by their path in it."""
    paths = sorted(folder.rglob("*.py"))
    if not paths:
        raise PackagingError(f"{folder}: found no Python file; is the checkout complete?")
    for path in paths:
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise PackagingError(f"{path}: not found; is the checkout complete?")
    return path.read_bytes()


def _installed(distribution: str, package: str) -> dict[str, bytes]:
    """The Python files of an installed package, and its licence."""
    try:
        listed = metadata.distribution(distribution).files or []
    except metadata.PackageNotFoundError as error:
        raise PackagingError(
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
        raise PackagingError(f"{distribution}: {package}/__init__.py is not among its files")
    return files


def _write(path: Path, body: bytes) -> dict[Path, int]:
    """Replace in one step: a deploy that runs at the same time reads the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(body)
    temporary.replace(path)
    return {path: len(body)}


def _remove_others(folder: Path, names: set[str]) -> None:
    """A script that no longer exists must not travel on."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                shutil.rmtree(path)
        elif path.relative_to(folder).as_posix() not in names:
            path.unlink()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build", help="default: build/")
    args = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        made = build(ROOT, args.build_dir)
    except PackagingError as error:
        print(f"package.py: {error}", file=sys.stderr)
        return 1
    for path, size in made.items():
        if path.suffix in {".zip", ".gz"}:
            print(f"{_shown(path)}  {size / 1024:.0f} KiB")
    version = (args.build_dir / "code/CODE_VERSION").read_text().strip()
    scripts = sum(path.suffix == ".py" for path in made)
    print(f"{_shown(args.build_dir / 'code')}/  {scripts} scripts, version {version}")
    print(f"packaged in {time.monotonic() - started:.2f} s")
    return 0


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
