"""Untrusted artifacts: each refusal names the file, and nothing is written."""

from __future__ import annotations

import io
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from localaws.services.codepipeline import artifacts
from localaws.services.codepipeline.artifacts import BadArtifactError, make_zip, read_member
from unit.services.codepipeline.fakes import Harness, machine, pipeline

GOOD = ("manifest.json", b'{"a": 1}')


def zipped(
    *entries: tuple[str | zipfile.ZipInfo, bytes], compress: int = zipfile.ZIP_DEFLATED
) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compress) as archive:
        warnings.simplefilter("ignore")  # of duplicate names, which are wanted here
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def symlink() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def nul_name() -> bytes:
    return zipped(GOOD, ("evilXname", b"x")).replace(b"evilXname", b"evil\0name")


def encrypted() -> bytes:
    data = bytearray(zipped(GOOD))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def lying_size() -> bytes:
    """A zip bomb: its content is longer than its directory says."""
    data = bytearray(zipped(("manifest.json", b"[" + b"0," * 500_000 + b"0]")))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 100)
    return bytes(data)


def corrupt() -> bytes:
    data = bytearray(
        zipped(("manifest.json", random.Random(1).randbytes(1000)), compress=zipfile.ZIP_STORED)
    )
    data[500] ^= 0xFF
    return bytes(data)


def many_files() -> bytes:
    return zipped(
        *[(f"f{i}", b"") for i in range(artifacts.MAX_FILES + 1)], compress=zipfile.ZIP_STORED
    )


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bare JSON": (lambda: b'{"a": 1}', "not a zip file"),
    "empty": (lambda: b"", "not a zip file"),
    "truncated": (lambda: zipped(GOOD)[:-10], "not a zip file"),
    "slip": (
        lambda: zipped(GOOD, ("../../etc/passwd", b"x")),
        "'../../etc/passwd' would be written outside",
    ),
    "absolute": (
        lambda: zipped(GOOD, ("/etc/passwd", b"x")),
        "'/etc/passwd' would be written outside",
    ),
    "backslashes": (lambda: zipped(GOOD, ("..\\..\\x", b"x")), "would be written outside"),
    "drive": (lambda: zipped(GOOD, ("C:\\x", b"x")), "would be written outside"),
    "symlink": (lambda: zipped(GOOD, (symlink(), b"/etc/passwd")), "'link' is a symbolic link"),
    "NUL in a name": (nul_name, "is not a file name"),
    "twice": (lambda: zipped(GOOD, GOOD), "'manifest.json' occurs twice"),
    "bomb by ratio": (lambda: zipped(GOOD, ("bomb", b"\0" * 20 * 1024**2)), "'bomb' grows"),
    "100,001 files": (many_files, "it has 100001 files; the limit is 100000"),
    "missing": (
        lambda: zipped(("other.json", b"{}")),
        "no file 'manifest.json'; it has ['other.json']",
    ),
    "encrypted": (encrypted, "'manifest.json' is encrypted"),
    "lying size": (lying_size, "'manifest.json' cannot be unzipped"),
    "corrupt": (corrupt, "'manifest.json' cannot be unzipped"),
    "too long": (
        lambda: zipped(("manifest.json", b"[" + b" " * 262_144 + b"]")),
        "'manifest.json' has more than 262144 bytes",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_artifact_is_refused_by_name(name: str, tmp_path: Path) -> None:
    make, message = HOSTILE[name]
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(BadArtifactError) as caught:
        read_member(io.BytesIO(make()), "manifest.json", 262_144, work)
    assert message in str(caught.value)
    assert list(tmp_path.rglob("*")) == [work]


@pytest.mark.parametrize("name", ["bare JSON", "slip", "missing", "bomb by ratio"])
def test_a_hostile_artifact_fails_the_action_that_reads_it(harness: Harness, name: str) -> None:
    make, message = HOSTILE[name]
    harness.upload(make())
    configuration = {"InputType": "FilePath", "Input": "manifest.json"}
    first = harness.create(pipeline([machine(inputs=["Src"], configuration=configuration)]))
    harness.wait(first, "Failed")
    error = harness.latest("Stage1", "Machine")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert message in error["message"]
    assert error["message"].startswith("Input artifact Src (s3://artifact-bucket/demo/Src/")
    assert harness.context.machines.started == []


def test_large_artifacts_are_refused_before_they_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MAX_ZIPPED", 1000)

    class Endless(io.RawIOBase):
        served = 0

        def read(self, size: int = -1) -> bytes:
            Endless.served += size
            return b"x" * size

    with pytest.raises(BadArtifactError, match="more than 1000 bytes"):
        read_member(Endless(), "x", 10, tmp_path)  # type: ignore[arg-type]
    assert Endless.served <= artifacts._CHUNK


def test_unzipped_size_is_limited_in_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MAX_UNZIPPED", 1000)
    archive = zipped(GOOD, ("a", b"x" * 600), ("large", b"x" * 700))
    with pytest.raises(BadArtifactError, match=r"1308 bytes unzipped \(700 of them in 'large'"):
        read_member(io.BytesIO(archive), "manifest.json", 100, tmp_path)


def test_a_good_artifact_is_read_and_the_same_content_gives_the_same_zip(tmp_path: Path) -> None:
    archive = make_zip("output.json", b'{"a": 1}')
    assert read_member(io.BytesIO(archive), "output.json", 100, tmp_path) == b'{"a": 1}'
    assert archive == make_zip("output.json", b'{"a": 1}')
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == ["output.json"]
