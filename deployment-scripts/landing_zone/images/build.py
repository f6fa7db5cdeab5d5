"""Builds, pushes, describes and signs the image of one commit; a second time it only verifies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from landing_zone.core.aws import Clients
from landing_zone.images import attestations, signature
from landing_zone.images.docker import Docker
from landing_zone.images.provenance import (
    BILL_OF_MATERIALS,
    Build,
    builder_of,
    materials,
    provenance,
    statement,
)
from landing_zone.images.repository import pushed_digest, repository_uri
from landing_zone.images.sbom import base_images, sbom

DOCKERFILE = "workflow/container/Dockerfile"
REQUIREMENTS = "requirements/image.txt"
# https://github.com/opencontainers/image-spec/blob/main/annotations.md
_REVISION, _SOURCE = "org.opencontainers.image.revision", "org.opencontainers.image.source"


@dataclass(frozen=True)
class Source:
    """What is built: a commit, its checkout, and where it comes from."""

    root: Path
    commit: str
    repository: str
    environ: Mapping[str, str]
    arguments: Sequence[str] = ()


@dataclass(frozen=True)
class Target:
    """Where it is pushed and stored, and the key that signs it."""

    # The name on this machine.
    image: str
    # The name of the repository in ECR.
    repository: str
    bucket: str
    signing_key: str


@dataclass(frozen=True)
class Image:
    """A pushed and signed image."""

    uri: str
    tag: str
    digest: str
    built: bool

    def document(self) -> dict[str, Any]:
        return {"uri": self.uri, "tag": self.tag, "digest": self.digest, "built": self.built}


def build_image(
    clients: Clients,
    docker: Docker,
    source: Source,
    target: Target,
    folder: Path,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Image:
    """Leave a signed image under the commit's tag, and its documents in the folder."""
    ecr, s3, kms = clients.client("ecr"), clients.client("s3"), clients.client("kms")
    tag = source.commit
    uri = f"{repository_uri(ecr, target.repository)}:{tag}"
    # Asked for first: a missing key must not be noticed after ten minutes of building.
    key = signature.public_key(kms, target.signing_key)
    digest = pushed_digest(ecr, target.repository, tag)
    built = not (digest and attestations.exist(s3, target.bucket, digest, tag))
    if built:
        started = now()
        push_image(ecr, docker, source, target, uri)
        digest = pushed_digest(ecr, target.repository, tag)
        described = _describe(source, uri, digest, started, now())
        envelopes = {
            name: signature.sign(kms, target.signing_key, content)
            for name, content in described.items()
        }
        attestations.store(s3, target.bucket, digest, tag, envelopes)
    else:
        print(f"{uri} exists and is signed: nothing to build")
    attestations.verify_image(s3, target.bucket, digest, tag, key)
    image = Image(uri, tag, digest, built)
    write_documents(folder, image, attestations.payloads(s3, target.bucket, digest, tag, key))
    return image


def push_image(ecr: Any, docker: Docker, source: Source, target: Target, uri: str) -> None:
    """Build and push.

    Also when the tag exists but is not signed, because an earlier run ended between push and signature: the
    repository takes a tag a second time only with the same content.
    """
    docker.require()
    local = f"{target.image}:{source.commit}"
    labels = {
        _REVISION: source.commit,
        **({_SOURCE: source.repository} if source.repository else {}),
    }
    print(f"building {local} from {DOCKERFILE}")
    docker.build(local, DOCKERFILE, labels, source.root, source.arguments)
    docker.login(ecr, uri.split("/", 1)[0])
    print(f"pushing {uri}")
    docker.push(local, uri)


def write_documents(folder: Path, image: Image, documents: Mapping[str, Any]) -> None:
    """image.json, sbom.cdx.json and provenance.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"image.json": image.document(), **documents}.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _describe(
    source: Source, uri: str, digest: str, started: datetime, finished: datetime
) -> dict[str, dict[str, Any]]:
    dockerfile = (source.root / DOCKERFILE).read_text(encoding="utf-8")
    requirements = (source.root / REQUIREMENTS).read_text(encoding="utf-8")
    name = uri.rsplit(":", 1)[0]
    builder, invocation = builder_of(source.environ)
    build = Build(
        image=name,
        digest=digest,
        commit=source.commit,
        repository=source.repository,
        materials=materials(source.root, (DOCKERFILE, REQUIREMENTS)),
        base_images=base_images(dockerfile),
        arguments=dict(argument.split("=", 1) for argument in source.arguments),
        builder=builder,
        invocation=invocation,
        started=_text(started),
        finished=_text(finished),
    )
    bill = sbom(name, digest, requirements, dockerfile, _text(finished))
    return {
        "provenance.dsse.json": provenance(build),
        "sbom.dsse.json": statement(name, digest, BILL_OF_MATERIALS, bill),
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
