"""The directories behind one container."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from types import TracebackType

from localaws.services.ecr.pushed_images import PushedImage
from localaws.services.sagemaker.container.namespace import View

OPT_ML = "/opt/ml"


class Sandbox:
    """``ml`` becomes /opt/ml. ``scratch`` is the working directory, HOME and TMPDIR of the process."""

    def __init__(self, parent: Path, name: str) -> None:
        self.root = parent / f"{name}-{uuid.uuid4().hex[:8]}"
        self.ml = self.root / "ml"
        self.scratch = self.root / "scratch"
        self._stage = self.root / "stage"
        self._marker = self.root / "mounted"
        for directory in (self.ml, self.scratch, self._stage):
            directory.mkdir(parents=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def host(self, path: str) -> Path:
        """Where a path under /opt/ml is on the host.

        Raises:
            ValueError: the path is not under /opt/ml.
        """
        relative = Path(path).relative_to(OPT_ML)
        if ".." in relative.parts:
            raise ValueError(f"{path} leaves {OPT_ML}")
        return self.ml / relative

    def make(self, path: str) -> Path:
        """Create a directory under /opt/ml."""
        directory = self.host(path)
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def view(
        self,
        working_directory: str | None = None,
        *,
        image: PushedImage | None = None,
        read_only_model: Path | None = None,
        isolate_network: bool = False,
    ) -> View:
        """What the process will see.

        Without a ``working_directory`` it is that of the image, or the scratch directory.
        """
        default = str(self.scratch) if image is None else image.config.workdir
        return View(
            opt_ml=self.ml,
            stage=self._stage,
            marker=self._marker,
            working_directory=working_directory or default,
            read_only_model=read_only_model,
            isolate_network=isolate_network,
            image=image,
            image_directory=self.root / "container",
        )

    @property
    def was_mounted(self) -> bool:
        """Whether the process got as far as its own command."""
        return self._marker.exists()

    def remove(self) -> None:
        """Delete it. What cannot be deleted stays until the server removes its scratch directory."""
        shutil.rmtree(self.root, ignore_errors=True)
