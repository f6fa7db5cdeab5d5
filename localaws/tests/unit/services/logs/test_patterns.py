import json

import pytest

from localaws.services.logs.patterns import PatternError, parse_pattern

EVENT = {
    "level": "ERROR", "ip": "10.0.0.7", "status": 404, "size": 1500, "user": {"id": 1, "tags": ["a", "b"]},
    "ok": False, "nothing": None,
}  # fmt: skip
REQUEST = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR] 17", True),
        ("ERROR", "error", False),
        ("ERROR Exception", "ERROR: an Exception", True),
        ("ERROR Exception", "ERROR", False),
        ('"INTERNAL SERVER"', "500 INTERNAL SERVER ERROR", True),
        ("?ERROR ?WARN", "a WARN", True),
        ("?ERROR ?WARN", "fine", False),
        ("ERROR -404", "ERROR 500", True),
        ("ERROR -404", "ERROR 404", False),
        ("%5[0-9]{2}%", "status 503", True),
        ("%5[0-9]{2}%", "status 404", False),
    ],
)
def test_terms(pattern, message, matches):
    assert (parse_pattern(pattern).match(message) is not None) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "INFO" }', False),
        ("{ $.level = ERR* }", True),
        ('{ $.ip = "10.0.*" }', True),
        ('{ $.ip != "10.0.*" }', False),
        ("{ $.status = 404 }", True),
        ("{ $.status = 4* }", True),
        ("{ $.status >= 404 && $.size < 2000 }", True),
        ("{ $.status > 404 || ($.size > 1000 && $.user.id = 1) }", True),
        ("{ $.user.tags[1] = b }", True),
        ("{ $.user.tags[2] = b }", False),
        ("{ $.ok IS FALSE }", True),
        ("{ $.ok IS TRUE }", False),
        ("{ $.nothing IS NULL }", True),
        ("{ $.absent NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ("{ $.level = %^ERR% }", True),
    ],
)
def test_json(pattern, matches):
    assert (parse_pattern(pattern).match(json.dumps(EVENT)) is not None) is matches


def test_what_is_not_json_does_not_match():
    assert parse_pattern("{ $.a = 1 }").match("a = 1") is None


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("[ip, server, user, time, request, status, size]", True),
        ("[ip, server, user]", False),
        ("[ip, ..., status = 4*, size > 1000]", True),
        ("[ip, ..., status = 5*, size]", False),
        ("[ip, ..., status = 404 || status = 410, size]", True),
        ('[..., request = "*.html*", status, size]', True),
    ],
)
def test_space_delimited(pattern, matches):
    assert (parse_pattern(pattern).match(REQUEST) is not None) is matches


def test_the_values_of_a_match():
    match = parse_pattern("{ $.status = 404 }").match(json.dumps(EVENT))
    assert (match.value("$.size"), match.value("$.user.id"), match.value("$.absent")) == (
        1500,
        1,
        None,
    )
    match = parse_pattern("[ip, ..., status, size]").match(REQUEST)
    assert (match.value("$size"), match.value("$ip")) == ("1534", "127.0.0.1")


@pytest.mark.parametrize(
    "pattern", ["{ $.a = 1", "{ a = 1 }", "{ $.a ~ 1 }", "{ $.a > x }", "{ $.a = 1 $.b }", "[a, ..., ...]",
                "[a=1 || b=2]", "[a", "%(%"]
)  # fmt: skip
def test_what_is_not_a_pattern(pattern):
    with pytest.raises(PatternError):
        parse_pattern(pattern)
