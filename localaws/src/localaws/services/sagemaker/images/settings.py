"""The setting LOCALAWS_IMAGES: which directory holds the programs of which repository's image.

It imports nothing but the standard library, so that the command line can check the setting before it
starts a server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

IMAGES_VARIABLE: Final = "LOCALAWS_IMAGES"
ANY_REPOSITORY: Final = "*"
_REPOSITORY = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_EXAMPLE = "Write REPOSITORY=DIRECTORY, for example ml-core=workflow/container"


class ImageSettingError(ValueError):
    """A value of LOCALAWS_IMAGES or of ``--image`` is wrong."""


def parse_images(pairs: Iterable[str]) -> dict[str, Path]:
    """The directory of each repository, as an absolute path.

    Args:
        pairs: ``REPOSITORY=DIRECTORY``. The repository ``*`` stands for every repository without a pair.

    Raises:
        ImageSettingError: naming the pair, what is allowed and the next step.
    """
    images: dict[str, Path] = {}
    for pair in pairs:
        repository, separator, value = (part.strip() for part in pair.partition("="))
        if not (separator and repository and value):
            raise ImageSettingError(f"the image '{pair}' is not a pair. {_EXAMPLE}.")
        if repository != ANY_REPOSITORY and not _REPOSITORY.fullmatch(repository):
            raise ImageSettingError(
                f"the image '{pair}' names the repository '{repository}', but a repository in ECR has "
                f"lower-case letters, digits and ._/- between them. {_EXAMPLE}, or {ANY_REPOSITORY}="
                "DIRECTORY for every repository."
            )
        if repository in images:
            raise ImageSettingError(
                f"the repository '{repository}' has two directories, {images[repository]} and {value}. "
                "Give one."
            )
        if "," in value:
            raise ImageSettingError(
                f"the image '{pair}' has a comma in its directory, but {IMAGES_VARIABLE} separates its "
                "pairs by commas. Rename the directory, or give the path of a symbolic link to it."
            )
        # Not resolved: a symbolic link keeps its name.
        directory = Path(value).absolute()
        if not directory.is_dir():
            raise ImageSettingError(
                f"the image '{pair}' names {directory}, which is not a directory. Give the directory that "
                "holds the image's programs, for example train and serve."
            )
        images[repository] = directory
    return images


def format_images(images: Mapping[str, Path]) -> str:
    """The value of LOCALAWS_IMAGES."""
    return ",".join(f"{repository}={directory}" for repository, directory in images.items())


def images_from_environment(environ: Mapping[str, str]) -> dict[str, Path]:
    """What LOCALAWS_IMAGES says. An empty or missing variable names no image.

    Raises:
        ImageSettingError: as :func:`parse_images`, with the name of the variable.
    """
    value = environ.get(IMAGES_VARIABLE, "")
    try:
        return parse_images(pair for pair in value.split(",") if pair.strip())
    except ImageSettingError as error:
        raise ImageSettingError(f"{IMAGES_VARIABLE}: {error}") from None
