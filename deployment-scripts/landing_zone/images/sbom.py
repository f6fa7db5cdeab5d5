"""The bill of materials of the image: CycloneDX 1.6 from the locked requirements and the base image."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from landing_zone.core.errors import OperatorError

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_FROM = re.compile(r"^FROM\s+(?:--\S+\s+)*(\S+)", re.MULTILINE | re.IGNORECASE)
_STAGE = re.compile(r"^FROM\s.*\sAS\s+(\S+)", re.MULTILINE | re.IGNORECASE)
# Identifiers are made from the content, so that the same image has the same bill of materials.
_NAMESPACE = uuid.UUID("6f0a4a0e-6f2f-5d0b-9a55-0c6b2f9e7a11")


@dataclass(frozen=True)
class Package:
    """A pinned requirement with the hashes of the files that may be installed for it."""

    name: str
    version: str
    sha256: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{re.sub(r'[-_.]+', '-', self.name).lower()}@{self.version}"


def packages(requirements: str) -> list[Package]:
    """The pins of a lock file; a line without a pin or a hash is refused."""
    found = list(_packages(requirements))
    bare = [package.name for package in found if not package.sha256]
    if bare or not found:
        raise OperatorError(
            f"the lock file pins {len(found)} packages, without a hash: {', '.join(bare) or 'none'}; "
            "expected: every package with its hashes. Run `make lock`"
        )
    return found


def _packages(requirements: str) -> Iterator[Package]:
    joined = requirements.replace("\\\n", " ")
    for line in joined.splitlines():
        text = line.split(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        pin = _PIN.match(text)
        if not pin:
            raise OperatorError(
                f"the lock file has the line {text[:80]!r}; expected: name==version --hash=..."
            )
        yield Package(pin[1], pin[2], tuple(sorted(_HASH.findall(text))))


def base_images(dockerfile: str) -> list[str]:
    """The images that the Dockerfile starts from, each once; its own stages are none."""
    stages = {name.lower() for name in _STAGE.findall(dockerfile)}
    names = dict.fromkeys(name for name in _FROM.findall(dockerfile) if name.lower() not in stages)
    return [name for name in names if name.lower() != "scratch"]


def sbom(
    image: str, digest: str, requirements: str, dockerfile: str, created: str
) -> dict[str, Any]:
    """The document: the image as its subject, the packages and the base images as its components."""
    algorithm, _, value = digest.partition(":")
    root = f"{image}@{digest}"
    components = [*map(_base, base_images(dockerfile)), *map(_library, packages(requirements))]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, root)}",
        "version": 1,
        "metadata": {
            "timestamp": created,
            "component": {
                "type": "container",
                "bom-ref": root,
                "name": image,
                "version": digest,
                "hashes": [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": value}],
            },
        },
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": sorted(c["bom-ref"] for c in components)}],
    }


def subject_of(document: Mapping[str, Any]) -> str:
    """The digest of the image that a bill of materials describes."""
    try:
        return str(document["metadata"]["component"]["version"])
    except (KeyError, TypeError) as error:
        raise OperatorError(f"the bill of materials names no image: {error!r}") from error


def _library(package: Package) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        # A package has one hash for each file of the index; which one is installed depends on the platform.
        "properties": [
            {"name": "requirements:sha256", "value": sha256} for sha256 in package.sha256
        ],
    }


def _base(name: str) -> dict[str, Any]:
    tagged, _, digest = name.partition("@")
    repository, _, tag = tagged.partition(":")
    found: dict[str, Any] = {
        "type": "container",
        "bom-ref": f"base:{name}",
        "name": repository,
        "version": digest or tag or "latest",
    }
    if digest:
        found["hashes"] = [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
    return found
