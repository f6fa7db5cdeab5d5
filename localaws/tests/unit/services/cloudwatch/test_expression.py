import pytest

from localaws.core.errors import AwsError
from localaws.services.cloudwatch.expression import Series, parse

TIMES = (0, 60, 120)
SERIES = {
    "m1": Series({0: 1.0, 60: 2.0, 120: 3.0}, 60),
    "m2": Series({0: 10.0, 120: 0.0}, 60),
}


def points(text):
    return dict(parse(text).evaluate(SERIES, TIMES).points)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1 + m2", {0: 11, 120: 3}),
        ("100 * m1 / m2", {0: 10}),
        ("-m1 + 2 * (m1 - 1)", {0: -1, 60: 0, 120: 1}),
        ("FILL(m2, 0) + m1", {0: 11, 60: 2, 120: 3}),
        ("FILL(m2, REPEAT)", {0: 10, 60: 10, 120: 0}),
        ("IF(m1 > 1, m1, 0)", {0: 0, 60: 2, 120: 3}),
        ("IF(m2 > 5, m1)", {0: 1}),
        ("IF(m1 >= 2 AND m1 < 3, 1, 0)", {0: 0, 60: 1, 120: 0}),
        ("SUM([m1, m2])", {0: 11, 60: 2, 120: 3}),
        ("MAX([m1, FILL(m2, 0)])", {0: 10, 60: 2, 120: 3}),
        ("AVG([m1, m2])", {0: 5.5, 60: 2, 120: 1.5}),
        ("m1 / MAX(m1) * 3", {0: 1, 60: 2, 120: 3}),
        ("m1 / PERIOD(m1)", {0: 1 / 60, 60: 2 / 60, 120: 3 / 60}),
        ("RUNNING_SUM(m1)", {0: 1, 60: 3, 120: 6}),
        ("DIFF(m1)", {60: 1, 120: 1}),
        ("RATE(m1)", {60: 1 / 60, 120: 1 / 60}),
    ],
)
def test_values(text, expected):
    assert points(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SEARCH('{A,b} m', 'Sum', 300)", "the metric math function SEARCH"),
        ("METRICS('m')", "the metric math function METRICS"),
        ("ANOMALY_DETECTION_BAND(m1)", "the metric math function ANOMALY_DETECTION_BAND"),
        ("FILL(m2, LINEAR)", "FILL with LINEAR"),
        ("m1 +", "ends too early"),
        ("m1 m2", "unexpected 'm2'"),
        ("m1 ? 2", "cannot read"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises(AwsError, match=words.replace("(", r"\(")) as refused:
        parse(text)
    assert refused.value.code == "ValidationError"


@pytest.mark.parametrize("text", ["1 + 1", "SUM(m1)", "[m1, m2]"])
def test_the_result_must_be_one_series(text):
    with pytest.raises(AwsError, match="must result in one time series"):
        points(text)
