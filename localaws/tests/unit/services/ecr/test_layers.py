"""Layers are unpacked once, and nothing is written outside of their directory."""

import os
import stat
import tarfile

import pytest

from localaws.services.ecr.containers.layers import read_text, unpack
from localaws.services.ecr.pushed_images import ImageError
from unit.services.ecr.images import image_of, layer_of, member, tar_of

LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc"}


def test_the_topmost_layer_is_first_and_is_unpacked_once(tmp_path):
    lower, upper = tar_of(member("a", b"1"), member("b", b"1")), tar_of(member("./a", b"2"))
    image = image_of(tmp_path, lower, upper)

    layers = unpack(image)
    before = layers[0].stat().st_mtime_ns
    for layer in image.layers:
        layer.path.unlink()

    assert unpack(image) == layers
    assert layers[0].stat().st_mtime_ns == before
    assert [read_text(layers, name) for name in "abc"] == ["2", "1", ""]
    assert stat.S_IMODE(image.unpacked.stat().st_mode) == 0o700


def test_a_layer_that_occurs_twice_counts_once(tmp_path):
    first, second = tar_of(member("a", b"1")), tar_of(member("a", b"2"))

    layers = unpack(image_of(tmp_path, first, second, first))

    assert [read_text((layer,), "a") for layer in layers] == ["1", "2"]


def test_links_modes_and_times_are_kept(tmp_path):
    content = tar_of(
        member("bin/run", b"x", mode=0o4755, mtime=1_000_000),
        member("bin/hard", type=tarfile.LNKTYPE, linkname="bin/run"),
        member("bin/soft", type=tarfile.SYMTYPE, linkname="/bin/run"),
        member("dev/null", type=tarfile.CHRTYPE),
        member("queue", type=tarfile.FIFOTYPE),
    )
    (layer,) = unpack(image_of(tmp_path, content))

    found = (layer / "bin/run").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_mtime) == (0o4755, 1_000_000)
    assert (layer / "bin/hard").stat().st_ino == found.st_ino
    assert (layer / "bin/soft").readlink().as_posix() == "/bin/run"
    assert not (layer / "dev/null").exists()
    assert (layer / "queue").is_fifo()


def test_a_whiteout_hides_a_file(tmp_path):
    layers = unpack(
        image_of(tmp_path, tar_of(member("etc/passwd", b"x")), tar_of(member("etc/.wh.passwd")))
    )

    hidden = (layers[0] / "etc/passwd").lstat()
    assert stat.S_ISCHR(hidden.st_mode)
    assert hidden.st_rdev == os.makedev(0, 0)
    assert read_text(layers, "etc/passwd") == ""


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([member("../outside", b"x")], "leaves the layer"),
        ([member("a/../../outside", b"x")], "leaves the layer"),
        ([member("link", **LINK), member("link/outside", b"x")], "is below link, no directory"),
        ([member("file", b"x"), member("file/x", b"x")], "is below file, no directory"),
        ([member("hard", type=tarfile.LNKTYPE, linkname="../x")], "leaves the layer"),
        (
            [
                member("link", **LINK),
                member("hard", type=tarfile.LNKTYPE, linkname="link/passwd"),
            ],
            "no directory",
        ),
        ([member("disk", type=tarfile.BLKTYPE)], "the member disk is a device"),
    ],
)
def test_an_unsafe_member_is_refused(tmp_path, members, reason):
    image = image_of(tmp_path, tar_of(*members))

    with pytest.raises(ImageError, match=reason):
        unpack(image)

    assert list(image.unpacked.iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text("mine")
    link = member("file", type=tarfile.SYMTYPE, linkname=str(target))

    (layer,) = unpack(image_of(tmp_path, tar_of(link, member("file", b"theirs"))))

    assert target.read_text() == "mine"
    assert (layer / "file").read_text() == "theirs"


def test_a_damaged_layer_is_refused(tmp_path):
    content = tar_of(member("a", b"x"))
    image = image_of(tmp_path, content)
    good = image.layers[0]

    good.path.write_bytes(good.path.read_bytes()[:40])
    with pytest.raises(ImageError, match="cannot be unpacked"):
        unpack(image)
    good.path.write_bytes(b"\x28\xb5\x2f\xfd")
    with pytest.raises(ImageError, match="compressed with zstd"):
        unpack(image)


def image_of_layer(image, layer):
    return type(image)(
        image.uri, image.repository, image.digest, image.config, (layer,), image.unpacked
    )


def test_a_layer_need_not_be_compressed(tmp_path):
    image = image_of(tmp_path)
    layer = layer_of(tmp_path, tar_of(member("a", b"x")), packed=False)

    assert read_text(unpack(image_of_layer(image, layer)), "a") == "x"


def test_an_image_without_layers_is_refused(tmp_path):
    with pytest.raises(ImageError, match="has no layers"):
        unpack(image_of(tmp_path))
