"""The operators of conditions: every pair of operator and request has AWS's answer."""

import pytest

from localaws.core.errors import AwsError
from localaws.services.sts.conditions import are_met

SUB = "issuer:sub"


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "met"),
    [
        ("StringEquals", "a", ["a"], True),
        ("StringEquals", ["b", "a"], ["a"], True),
        ("StringEquals", "A", ["a"], False),
        ("StringEquals", "a*", ["ab"], False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", ["b"], False),
        ("StringEqualsIgnoreCase", "A", ["a"], True),
        ("StringNotEquals", "a", ["b"], True),
        ("StringNotEquals", ["a", "b"], ["b"], False),
        ("StringNotEquals", "a", None, True),
        ("StringLike", "repo:o/*:ref:?", ["repo:o/r:ref:x"], True),
        ("StringLike", "repo:o/r", ["repo:o/rr"], False),
        ("StringLike", "a.c", ["abc"], False),
        ("StringNotLike", "a*", ["ab"], False),
        ("ForAnyValue:StringEquals", "a", ["b", "a"], True),
        ("ForAnyValue:StringEquals", "a", ["b"], False),
        ("ForAnyValue:StringEquals", "a", None, False),
        ("ForAllValues:StringEquals", "a", ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        # The reason why ForAllValues alone must not stand in an Allow.
        ("ForAllValues:StringEquals", "a", None, True),
        ("Null", "true", None, True),
        ("Null", "true", ["a"], False),
        ("Null", False, ["a"], True),
    ],
)
def test_operators(operator, wanted, found, met):
    context = {} if found is None else {SUB: found}
    assert are_met({operator: {"Issuer:Sub": wanted}}, context) is met


def test_all_conditions_must_be_met():
    conditions = {"StringEquals": {SUB: "a", "issuer:aud": "b"}}
    assert are_met(conditions, {SUB: ["a"], "issuer:aud": ["b"]})
    assert not are_met(conditions, {SUB: ["a"], "issuer:aud": ["c"]})


@pytest.mark.parametrize("operator", ["DateLessThan", "ForSomeValues:StringEquals", "IpAddress"])
def test_an_unknown_operator_is_refused_by_name(operator):
    with pytest.raises(AwsError, match=operator):
        are_met({operator: {SUB: "a"}}, {SUB: ["a"]})
