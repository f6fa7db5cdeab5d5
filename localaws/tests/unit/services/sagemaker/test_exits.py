"""The failure and message files of a container, cut to AWS's lengths."""

import pytest

from localaws.services.sagemaker.container.exits import algorithm_reason, failure_text, message_text
from localaws.services.sagemaker.errors import RequestError


def test_a_reason_keeps_its_exit_code():
    assert algorithm_reason("", 1) == "AlgorithmError: , exit code: 1"
    long = algorithm_reason("x" * 5000, 137)
    assert (len(long), long[-16:]) == (1024, ", exit code: 137")


def test_no_file_is_no_text(tmp_path):
    assert failure_text(tmp_path / "failure") == ""
    assert message_text(tmp_path / "message") is None


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u20ac", "\U0001f600"])
def test_the_cut_may_fall_into_a_character(tmp_path, letter):
    path = tmp_path / "file"
    path.write_text("a" + letter * 5000, encoding="utf-8")
    assert failure_text(path) == "a" + letter * 1023
    expected = ("a" + letter * 5000).encode()[:1024].decode("utf-8", "ignore")
    assert message_text(path) == expected


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"ok \xc3\x28", b"cut short \xe2\x82"])
def test_what_is_not_utf8_is_a_client_error(tmp_path, raw):
    path = tmp_path / "message"
    path.write_bytes(raw)
    with pytest.raises(RequestError, match="is not UTF-8"):
        message_text(path)
    with pytest.raises(RequestError, match="is not UTF-8"):
        failure_text(path)


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "failure").symlink_to(tmp_path / "secret")
    assert failure_text(tmp_path / "failure") == ""
