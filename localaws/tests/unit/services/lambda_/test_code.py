"""Deployment packages on disk."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from localaws.services.lambda_ import code
from localaws.services.lambda_.code import BadPackageError, CodeStore, check_package
from zips import make_zip


def package(**members: str) -> bytes:
    return make_zip({name.replace("__", "/"): content for name, content in members.items()})


def test_a_package_is_unpacked_once(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "code")
    first = store.unpack("abc", package(main="x = 1", lib__part="y"))
    assert (first / "lib" / "part").read_text() == "y"
    (first / "main").write_text("changed")
    assert store.unpack("abc", b"not even a zip") == first
    assert (first / "main").read_text() == "changed"


def test_modes_are_kept(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo("run.sh")
        member.external_attr = 0o755 << 16
        archive.writestr(member, "#!/bin/sh")
    place = CodeStore(tmp_path).unpack("abc", buffer.getvalue())
    assert stat.S_IMODE((place / "run.sh").stat().st_mode) == 0o755


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/../../b"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadPackageError, match="is outside its root"):
        CodeStore(tmp_path / "code").unpack("abc", package(**{name: "x"}))
    assert [path.name for path in tmp_path.rglob("*")] == ["code"]


def test_no_zip_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(BadPackageError, match="Could not unzip uploaded file"):
        CodeStore(tmp_path).unpack("abc", b"text")
    assert list(tmp_path.iterdir()) == []


def test_a_package_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "MAX_UNZIPPED_BYTES", 10)
    with pytest.raises(BadPackageError, match="must be smaller than 10 bytes, but is 11 bytes"):
        check_package(package(main="x" * 11))
