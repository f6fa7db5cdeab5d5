"""Wildcards of actions and ARNs."""

import pytest

from localaws.services.iam.matching import matches_action, matches_arn


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("s3:Get?bject", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("s3.GetObject", "s3:GetObject", False),
    ],
)
def test_an_action(pattern, action, matches):
    assert matches_action(pattern, action) is matches


@pytest.mark.parametrize(
    ("pattern", "arn", "matches"),
    [
        ("arn:aws:s3:::data/*", "arn:aws:s3:::data/a/b:c", True),
        ("arn:aws:s3:::data/*", "arn:aws:s3:::database", False),
        ("arn:aws:s3:::data", "arn:aws:s3:::Data", False),
        ("arn:aws:s3:::da?a", "arn:aws:s3:::data", True),
        ("arn:aws:s3:::*a", "arn:aws:s3:::data", True),
        (
            "arn:aws:lambda:*:123456789012:function:f",
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
            True,
        ),
        ("arn:aws:lambda:eu-*-1:1:function:f", "arn:aws:lambda:eu-west-1:1:function:f", True),
        ("arn:aws:lambda:eu*1:1:function:f", "arn:aws:lambda:eu:1:1:function:f", False),
        ("arn:aws:lambda:*", "arn:aws:lambda:eu-west-1:123456789012:function:f", True),
        ("arn:*", "arn:aws:lambda:eu-west-1:123456789012:function:f", True),
        ("*", "arn:aws:s3:::data", True),
        ("arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:role/a/b", True),
        ("arn:aws:iam::?:role/a", "arn:aws:iam:::role/a", False),
        ("arn:aws:iam:::role/a", "arn:aws:iam::1:role/a", False),
        ("*", "*", True),
    ],
)
def test_an_arn(pattern, arn, matches):
    assert matches_arn(pattern, arn) is matches
