"""The files that the patterns of artifacts, reports and caches match."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.machine import Directories

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Files:
    """What a build can name: paths in its own view, from the root directory of its source."""

    directories: Directories
    source_directory: str
    """As the build sees it."""
    variables: Mapping[str, str]

    def expand(self, text: str) -> str:
        """A pattern with the values of its variables."""
        return _VARIABLE.sub(lambda m: self.variables.get(m[1] or m[2], ""), text)

    def base(self, base_directory: str) -> Path:
        """The base directory, which may be a pattern.

        Raises:
            PhaseError: there is none.
        """
        expanded = self.expand(base_directory) or "."
        found = sorted(path for path in self._paths(expanded, self.host(".")) if path.is_dir())
        if not found:
            raise PhaseError(
                "CLIENT_ERROR", f"no matching base directory path found for {base_directory}"
            )
        return found[0]

    def host(self, path: str) -> Path:
        """A path of the build on the machine."""
        absolute = os.path.normpath(os.path.join(self.source_directory, path))  # noqa: PTH118
        return self.directories.host(absolute) or Path(absolute)

    def matching(
        self, pattern: str, base: Path, excluded: Iterable[str] = (), *, links: bool = False
    ) -> list[tuple[str, Path]]:
        """The files that a pattern matches, each with its path from the base directory."""
        without = {path for item in excluded for path in self._paths(self.expand(item), base)}
        found = []
        for path in sorted(self._paths(self.expand(pattern), base)):
            is_file = path.is_file() or (links and path.is_symlink())
            if not is_file or any(path == out or out in path.parents for out in without):
                continue
            inside = path.is_relative_to(base)
            found.append((str(path.relative_to(base)) if inside else path.name, path))
        return found

    def _paths(self, pattern: str, base: Path) -> Iterator[Path]:
        if os.path.isabs(pattern):  # noqa: PTH117
            absolute = self.directories.host(pattern) or Path(pattern)
            names = glob.glob(  # noqa: PTH207 - Path.glob has no hidden files
                str(absolute), recursive=True, include_hidden=True
            )
        else:
            names = glob.glob(  # noqa: PTH207
                pattern, root_dir=base, recursive=True, include_hidden=True
            )
        for name in names:
            yield Path(os.path.normpath(base / name))
