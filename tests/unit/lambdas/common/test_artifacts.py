"""What a zip may be, and what is written."""

from __future__ import annotations

import json
import struct

import pytest

from common.artifacts import read_json, write_json
from common.errors import AccessError, InputError
from common.job import Artifact
from tests.unit.lambdas import fakes

ARTIFACT = Artifact("TrainingResult", fakes.ARTIFACTS, "p/Training/key")


def read(body: bytes) -> object:
    s3 = fakes.FakeS3()
    s3.put(ARTIFACT.bucket, ARTIFACT.key, body)
    return read_json(s3, ARTIFACT, ("output.json",))


def test_round_trip_gives_the_same_bytes_each_time() -> None:
    s3 = fakes.FakeS3()
    bodies = set()
    for _ in range(2):
        write_json(s3, ARTIFACT, {"a": "ü"}, fakes.KMS_KEY, member="output.json")
        bodies.add(s3.objects[ARTIFACT.bucket, ARTIFACT.key])
    assert len(bodies) == 1
    assert read(bodies.pop()) == {"a": "ü"}


def test_without_a_key_the_store_uses_its_own() -> None:
    s3 = fakes.FakeS3()
    write_json(s3, ARTIFACT, {}, None)
    written = s3.written[ARTIFACT.bucket, ARTIFACT.key]
    assert written["ServerSideEncryption"] == "aws:kms"
    assert "SSEKMSKeyId" not in written


def test_byte_order_mark_of_a_windows_editor() -> None:
    assert read(b"\xef\xbb\xbf{}") == {}


def test_damaged_member() -> None:
    body = bytearray(fakes.zipped({"output.json": json.dumps(list(range(1000)))}))
    body[60:80] = bytes(20)
    with pytest.raises(InputError, match=r"^artifact TrainingResult: the zip cannot be read: "):
        read(bytes(body))


def test_encrypted_member() -> None:
    body = bytearray(fakes.zipped({"output.json": "{}"}))
    central = body.rindex(b"PK\x01\x02")
    for offset in (6, central + 8):  # the flag bits of the local and the central header
        struct.pack_into("<H", body, offset, 1)
    with pytest.raises(InputError, match="without a password"):
        read(bytes(body))


def test_header_that_lies_about_the_size() -> None:
    body = bytearray(fakes.zipped({"output.json": b" " * 3_000_000}))
    central = body.rindex(b"PK\x01\x02")
    struct.pack_into("<I", body, central + 24, 10)
    with pytest.raises(InputError):
        read(bytes(body))


def test_refused_write_is_told() -> None:
    s3 = fakes.FakeS3(denied={"PutObject"})
    with pytest.raises(AccessError, match=r"cannot write s3://.*/p/Training/key: AccessDenied"):
        write_json(s3, ARTIFACT, {}, None)
