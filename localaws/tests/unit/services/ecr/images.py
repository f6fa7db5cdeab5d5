"""Layers and images of a few files, without a registry."""

import gzip
import hashlib
import io
import tarfile

from localaws.services.ecr.pushed_images import ImageConfig, Layer, PushedImage


def member(name, content=b"", **attributes):
    """A member of a layer, and its content."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info, content


def tar_of(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return buffer.getvalue()


def layer_of(directory, content, *, packed=True):
    stored = gzip.compress(content, 1) if packed else content
    path = directory / hashlib.sha256(stored).hexdigest()
    path.write_bytes(stored)
    return Layer(
        f"sha256:{path.name}",
        path,
        "application/vnd.oci.image.layer.v1.tar+gzip",
    )


def image_of(directory, *contents, **config):
    layers = tuple(layer_of(directory, content) for content in contents)
    return PushedImage(
        "registry/image:1",
        "image",
        "sha256:0",
        ImageConfig(**config),
        layers,
        directory / "unpacked",
    )
