"""A client of registries in the standard library, and images that are made in memory."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from localaws.services.ecr.pushed_images import machine_architecture
from localaws.testing import REGION, LocalAws

ACCOUNT = "123456789012"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.json["errors"][0]["code"]


@dataclass
class MadeImage:
    """An image in memory."""

    config: bytes
    layers: tuple[bytes, ...]
    media_type: str = MANIFEST

    @property
    def manifest(self) -> bytes:
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": self.media_type,
                "config": descriptor(self.config, "application/vnd.docker.container.image.v1+json"),
                "layers": [
                    descriptor(layer, "application/vnd.docker.image.rootfs.diff.tar.gzip")
                    for layer in self.layers
                ],
            }
        ).encode()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    return {
        "mediaType": media_type, "size": len(content), "digest": digest_of(content), **more
    }  # fmt: skip


def layer_tar(files: Mapping[str, bytes | str | None], owner: int = 0) -> bytes:
    """An uncompressed layer: text is a symbolic link, None a directory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.mode, info.uid, info.gid = 0o755, owner, owner
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return buffer.getvalue()


@cache
def _pack(layer: bytes) -> bytes:
    return gzip.compress(layer, 1, mtime=0)


def make_image(layers: Sequence[bytes] = (), **config: Any) -> MadeImage:
    """An image of uncompressed layers. ``config`` has Docker's keys: Entrypoint, Env, User ..."""
    layers = layers or [layer_tar({"note": uuid.uuid4().hex.encode()})]
    document = {
        "architecture": machine_architecture(),
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
    }
    packed = tuple(map(_pack, layers))
    return MadeImage(json.dumps(document).encode(), packed)


class Registry:
    """Pushes and pulls as Docker does."""

    def __init__(self, localaws: LocalAws) -> None:
        self.ecr = localaws.client("ecr")
        data = self.ecr.get_authorization_token()["authorizationData"][0]
        self.authorization = f"Basic {data['authorizationToken']}"
        self.endpoint = data["proxyEndpoint"]

    @staticmethod
    def password(token: str) -> str:
        """The password in an authorization token."""
        return base64.b64decode(token).decode().partition(":")[2]

    def repository(self, **settings: Any) -> str:
        name = f"team/{uuid.uuid4().hex[:8]}"
        self.ecr.create_repository(repositoryName=name, **settings)
        return name

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> Reply:
        url = path if path.startswith("http") else f"{self.endpoint}{path}"
        given = {"Authorization": self.authorization}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            url, body, {k: v for k, v in given.items() if v is not None}, method=method
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return Reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())

    def push_blob(self, name: str, content: bytes) -> str:
        """In two parts, as a client with large layers does."""
        digest = digest_of(content)
        if self.send("HEAD", f"/v2/{name}/blobs/{digest}").status == 200:
            return digest
        half = len(content) // 2
        place = self.send("POST", f"/v2/{name}/blobs/uploads/", b"").headers["Location"]
        first = self.send("PATCH", place, content[:half])
        assert first.status == 202
        last = self.send("PUT", f"{first.headers['Location']}?digest={digest}", content[half:])
        assert last.status == 201, last.body
        return digest

    def push(self, name: str, tag: str, image: MadeImage) -> Reply:
        for blob in (image.config, *image.layers):
            self.push_blob(name, blob)
        return self.put_manifest(name, tag, image.manifest, image.media_type)

    def put_manifest(self, name: str, reference: str, content: bytes, media_type: str) -> Reply:
        return self.send(
            "PUT", f"/v2/{name}/manifests/{reference}", content, Content_Type=media_type
        )


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
