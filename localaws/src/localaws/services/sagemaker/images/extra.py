"""Whether the packages of an extra of localaws are installed."""

from __future__ import annotations

from importlib import metadata

from packaging.requirements import Requirement

from localaws.services.sagemaker.errors import RequestError


def require_extra(extra: str) -> None:
    """Check that the packages which an image brings are installed: they are an extra of localaws.

    Raises:
        RequestError: naming what is missing and how to install it.
    """
    requirements = map(Requirement, metadata.requires("localaws") or [])
    missing = [
        requirement.name
        for requirement in requirements
        if requirement.marker
        and requirement.marker.evaluate({"extra": extra})
        and not _is_installed(requirement.name)
    ]
    if missing:
        raise RequestError(
            f"This image needs packages that the Python environment of localaws does not have:"
            f" {', '.join(missing)}. Install them there: pip install 'localaws[{extra}]'"
        )


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
