"""The input of a transform job is cut into request bodies."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.jobs.batches import gunzip, payloads


def cut(data, chunk, **more):
    chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    settings = {"by_line": True, "single_record": False, "limit": 10, "what": "s3://b/k"} | more
    return list(payloads(chunks, **settings))


def test_records_fill_a_payload():
    assert cut(b"111\n222\n333\n444", 4) == [b"111\n222\n", b"333\n444"]


def test_one_record_a_payload():
    assert cut(b"1\n\n2\r\n", 2, single_record=True) == [b"1\n", b"\n", b"2\r\n"]


def test_not_split():
    assert cut(b"1\n2\n", 1, by_line=False) == [b"1\n2\n"]
    assert cut(b"", 1, by_line=False) == [b""]
    with pytest.raises(RequestError, match=r"s3://b/k is larger than MaxPayloadInMB \(10 bytes\)"):
        cut(b"x" * 11, 4, by_line=False)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_long_line_is_named(end):
    with pytest.raises(RequestError, match="line 2 is longer"):
        cut(b"1\n" + b"x" * 50 + end, 7)


@given(
    lines=st.lists(st.binary(max_size=9).map(lambda b: b.replace(b"\n", b"x")), max_size=30),
    chunk=st.integers(1, 50),
    single=st.booleans(),
)
def test_nothing_is_lost_or_reordered(lines, chunk, single):
    data = b"".join(line + b"\n" for line in lines)
    bodies = cut(data, chunk, single_record=single)
    assert b"".join(bodies) == data
    assert all(len(body) <= 10 for body in bodies)
    assert all(body.endswith(b"\n") for body in bodies)
    if single:
        assert len(bodies) == len(lines)


def test_gzip_of_several_members():
    packed = gzip.compress(b"1\n") + gzip.compress(b"2\n")
    assert b"".join(gunzip((packed[i : i + 1] for i in range(len(packed))), "x")) == b"1\n2\n"
    assert b"".join(gunzip([packed], "x")) == b"1\n2\n"


@pytest.mark.parametrize("data", [b"not gzip", gzip.compress(b"1\n" * 100, mtime=0)[:-4]])
def test_what_is_not_gzip(data):
    with pytest.raises(RequestError, match="gzip file"):
        list(gunzip([data], "s3://b/k"))
