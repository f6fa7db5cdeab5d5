"""An image with nothing but Python: this interpreter, its libraries and a part of its standard library."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from server.ecr.client import layer_tar

# Most of the standard library, by size, is of no use to the programs of the tests.
_LEFT_OUT = {
    "test", "idlelib", "tkinter", "turtledemo", "ensurepip", "site-packages", "dist-packages", "lib2to3",
    "pydoc_data", "__pycache__", "distutils", "unittest", "asyncio", "sqlite3", "multiprocessing",
}  # fmt: skip
_MODULES = (
    "_socket", "select", "math", "array", "_struct", "binascii", "_bisect", "_heapq", "_random", "_sha",
    "_posixsubprocess", "_datetime", "_json", "zlib", "_blake2", "_md5", "_opcode", "_hashlib", "unicodedata",
)  # fmt: skip


@cache
def python_layer() -> bytes:
    """The files, at the paths that they have on this machine, and /usr/bin/python3."""
    program = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}").resolve()
    library = Path(sys.base_prefix, "lib", f"python3.{sys.version_info.minor}")
    found = {program, *_libraries(program), *_modules(library)}
    for module in library.glob("lib-dynload/*.so"):
        if module.name.startswith(_MODULES):
            found |= {module, *_libraries(module)}
    files: dict[str, bytes | str | None] = {
        str(path).lstrip("/"): path.read_bytes() for path in sorted(found)
    }
    return layer_tar({**files, "usr/bin/python3": str(program), "tmp": None})


def _modules(library: Path) -> set[Path]:
    return {
        path
        for path in library.rglob("*.py")
        if not _LEFT_OUT & set(path.relative_to(library).parts)
        and not path.relative_to(library).parts[0].startswith("config-")
    }


def _libraries(program: Path) -> set[Path]:
    """What the dynamic loader needs, and the loader itself."""
    lines = subprocess.run(
        ["ldd", str(program)], capture_output=True, text=True, check=False
    ).stdout  # fmt: skip
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", lines)}
