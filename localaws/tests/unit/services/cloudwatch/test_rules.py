import pytest

from localaws.core.errors import AwsError
from localaws.services.cloudwatch.evaluation import State
from localaws.services.cloudwatch.rules import parse

STATES = {"a": State.ALARM, "o": State.OK, "i": State.INSUFFICIENT_DATA, "two words": State.OK}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ALARM(a)", True),
        ('ALARM("a")', True),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a)", True),
        ("ALARM(o) OR INSUFFICIENT_DATA(i)", True),
        ("ALARM(a) AND ALARM(o)", False),
        ("ALARM(a) AND NOT ALARM(o)", True),
        ("NOT (ALARM(a) OR OK(o))", False),
        ("ALARM(o) AND ALARM(o) OR ALARM(a)", True),
        ("OK(two words)", True),
        ("TRUE", True),
        ("FALSE", False),
    ],
)
def test_rules(text, holds):
    assert parse(text).holds(STATES.__getitem__) is holds


def test_the_alarms_that_a_rule_names():
    assert parse("ALARM(b) OR (ALARM(a) AND OK(b))").alarms == ("b", "a")


@pytest.mark.parametrize(
    "text", ["ALARM(a", "ALARM(a) ALARM(b)", "BROKEN(a)", "a", "AND", "AT_LEAST(1, x)"]
)
def test_what_is_refused(text):
    with pytest.raises(AwsError) as refused:
        parse(text)
    assert refused.value.code == "ValidationError"
