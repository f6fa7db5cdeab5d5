"""tar.gz: the same files give the same bytes, and no member leaves the directory."""

import io
import os
import tarfile

import pytest

from localaws.services.sagemaker.container.archive import extract_tar_gz, make_tar_gz
from localaws.services.sagemaker.errors import RequestError


def fill(directory, names):
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")


def test_equal_contents_give_equal_files(tmp_path):
    names = ["z.txt", "a/b.txt", "a/c.txt"]
    fill(tmp_path / "one", names)
    fill(tmp_path / "two", reversed(names))
    os.utime(tmp_path / "two" / "z.txt", (1, 1))
    (tmp_path / "two" / "z.txt").chmod(0o600)
    for which in ("one", "two"):
        make_tar_gz(tmp_path / which, tmp_path / f"{which}.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "one.tar.gz") as tar:
        assert tar.getnames() == ["a", "a/b.txt", "a/c.txt", "z.txt"]


def test_there_and_back(tmp_path):
    fill(tmp_path / "one", ["a/b.txt", "run"])
    (tmp_path / "one" / "run").chmod(0o755)
    make_tar_gz(tmp_path / "one", tmp_path / "x.tar.gz")
    extract_tar_gz(tmp_path / "x.tar.gz", tmp_path / "two", "x")
    assert (tmp_path / "two" / "a" / "b.txt").read_text() == "content of a/b.txt"
    assert os.access(tmp_path / "two" / "run", os.X_OK)


def member(name, **attributes):
    info = tarfile.TarInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        member("../outside"),
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("link", type=tarfile.SYMTYPE, linkname="../outside"),
        member("device", type=tarfile.CHRTYPE),
    ],
    ids=lambda info: f"{info.name} {info.linkname}",
)
def test_members_that_leave_the_directory(tmp_path, info):
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as tar:
        tar.addfile(info, io.BytesIO())
    with pytest.raises(RequestError, match=r"s3://b/bad\.tar\.gz"):
        extract_tar_gz(tmp_path / "bad.tar.gz", tmp_path / "in" / "side", "s3://b/bad.tar.gz")
    assert not list(tmp_path.glob("**/outside"))


def test_an_absolute_name_lands_inside(tmp_path):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as tar:
        tar.addfile(member("/etc/inside"), io.BytesIO())
    extract_tar_gz(tmp_path / "x.tar.gz", tmp_path / "out", "x")
    assert (tmp_path / "out" / "etc" / "inside").exists()


def test_what_is_no_archive(tmp_path):
    (tmp_path / "x.tar.gz").write_bytes(b"PK not a tar")
    with pytest.raises(RequestError, match="is not a readable"):
        extract_tar_gz(tmp_path / "x.tar.gz", tmp_path / "out", "x")
