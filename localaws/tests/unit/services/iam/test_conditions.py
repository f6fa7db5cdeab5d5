"""The condition operators, by the tables of the IAM user guide."""

import pytest

from localaws.services.iam.conditions import Condition, ConditionError, parse_conditions

CONTEXT = {
    "aws:username": ["Ada"],
    "s3:prefix": ["home/Ada/"],
    "aws:sourceip": ["203.0.113.7"],
    "aws:currenttime": ["2026-03-01T12:00:00Z"],
    "aws:epochtime": ["1772366400"],
    "s3:max-keys": ["10"],
    "aws:securetransport": ["true"],
    "aws:sourcearn": ["arn:aws:states:eu-west-1:123456789012:stateMachine:train"],
    "aws:tagkeys": ["team", "stage"],
    "key:binary": ["QmluYXJ5"],
    "literal": ["a*b"],
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "met"),
    [
        ("StringEquals", "aws:username", ["Ada"], True),
        ("stringequals", "AWS:UserName", ["Ada"], True),
        ("StringEquals", "aws:username", ["ada"], False),
        ("StringEquals", "aws:username", ["Grace", "Ada"], True),
        ("StringEquals", "aws:username", ["A*"], False),
        ("StringEquals", "literal", ["a${*}b"], True),
        ("StringEquals", "missing", ["x"], False),
        ("StringEqualsIfExists", "missing", ["x"], True),
        ("StringEqualsIfExists", "aws:username", ["x"], False),
        ("StringNotEquals", "aws:username", ["Grace", "Ada"], False),
        ("StringNotEquals", "aws:username", ["Grace"], True),
        ("StringNotEquals", "missing", ["x"], True),
        ("StringEqualsIgnoreCase", "aws:username", ["ADA"], True),
        ("StringNotEqualsIgnoreCase", "aws:username", ["ADA"], False),
        ("StringLike", "s3:prefix", ["home/${aws:username}/*"], True),
        ("StringLike", "s3:prefix", ["home/?da/"], True),
        ("StringLike", "s3:prefix", ["home/${missing}/*"], False),
        ("StringLike", "s3:prefix", ["home/${missing, 'Ada'}/*"], True),
        ("StringLike", "literal", ["a${*}b"], True),
        ("StringLike", "aws:username", ["A${*}"], False),
        ("StringNotLike", "s3:prefix", ["home/*"], False),
        ("NumericEquals", "s3:max-keys", ["10.0"], True),
        ("NumericNotEquals", "s3:max-keys", ["10"], False),
        ("NumericLessThan", "s3:max-keys", ["10"], False),
        ("NumericLessThanEquals", "s3:max-keys", [10], True),
        ("NumericGreaterThan", "s3:max-keys", ["9"], True),
        ("NumericGreaterThanEquals", "s3:max-keys", ["11"], False),
        ("NumericLessThan", "aws:username", ["10"], False),
        ("DateGreaterThan", "aws:CurrentTime", ["2026-02-01T00:00:00Z"], True),
        ("DateLessThan", "aws:CurrentTime", ["2026-02-01"], False),
        ("DateEquals", "aws:EpochTime", ["2026-03-01T12:00:00Z"], True),
        ("DateLessThanEquals", "aws:EpochTime", ["1772366400"], True),
        ("DateNotEquals", "aws:CurrentTime", ["2026-03-01T12:00:00Z"], False),
        ("DateGreaterThanEquals", "aws:CurrentTime", ["never"], False),
        ("Bool", "aws:SecureTransport", [True], True),
        ("Bool", "aws:SecureTransport", ["false"], False),
        ("Bool", "missing", ["false"], False),
        ("BoolIfExists", "missing", ["false"], True),
        ("BinaryEquals", "key:binary", ["QmluYXJ5"], True),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24"], True),
        ("IpAddress", "aws:SourceIp", ["203.0.113.8"], False),
        ("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24"], False),
        ("IpAddress", "aws:SourceIp", ["2001:db8::/32"], False),
        ("ArnLike", "aws:SourceArn", ["arn:aws:states:*:123456789012:stateMachine:*"], True),
        ("ArnEquals", "aws:SourceArn", ["arn:aws:states:*:*:stateMachine:train"], True),
        ("ArnLike", "aws:SourceArn", ["arn:aws:states:*:99*:stateMachine:*"], False),
        ("ArnNotLike", "aws:SourceArn", ["arn:aws:lambda:*"], True),
        ("ArnNotEquals", "aws:SourceArn", ["arn:aws:states:*"], False),
        ("Null", "missing", ["true"], True),
        ("Null", "missing", ["false"], False),
        ("Null", "aws:username", ["false"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "stage", "cost"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team"], False),
        ("ForAllValues:StringEquals", "missing", ["team"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["team"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["cost"], False),
        ("ForAnyValue:StringEquals", "missing", ["team"], False),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["team"], True),
        ("ForAnyValue:StringNotEquals", "missing", ["team"], False),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", ["cost"], True),
        ("ForAllValues:StringNotLike", "aws:TagKeys", ["te*"], False),
        ("ForAnyValue:StringLikeIfExists", "missing", ["te*"], True),
    ],
)
def test_an_operator(operator, key, values, met):
    conditions = parse_conditions({operator: {key: values}})
    assert [item.is_met(CONTEXT) for item in conditions] == [met]


def test_a_policy_of_2008_has_no_variables():
    condition = Condition("StringLike", "s3:prefix", ("home/${aws:username}/*",))
    assert condition.is_met(CONTEXT)
    assert not condition.is_met(CONTEXT, variables=False)


@pytest.mark.parametrize(
    "element",
    [
        {"StringMatches": {"aws:username": "Ada"}},
        {"NullIfExists": {"aws:username": "true"}},
        {"ForSomeValues:StringEquals": {"aws:username": "Ada"}},
        {"StringEquals": "Ada"},
        {"StringEquals": {"aws:username": {"a": 1}}},
        ["StringEquals"],
    ],
)
def test_what_is_no_condition(element):
    with pytest.raises(ConditionError):
        parse_conditions(element)
