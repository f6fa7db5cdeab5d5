"""The two tables of AWS's page on missing data, and what its text says of premature alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import pytest

from localaws.services.cloudwatch.evaluation import Missing, Point, State, evaluate

KEPT = "keeps its state"
MODES = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)
OK, ALARM, INSUFFICIENT = State.OK, State.ALARM, State.INSUFFICIENT_DATA

# Data points, number of filled ones, and the state for each of MODES.
THREE_OF_THREE = (
    ("0 - X - X", 0, (OK, OK, OK, OK)),
    ("- - - - 0", 2, (OK, OK, OK, OK)),
    ("- - - - -", 3, (INSUFFICIENT, KEPT, ALARM, OK)),
    ("0 X X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("- - X - -", 2, (ALARM, KEPT, ALARM, OK)),
)
TWO_OF_THREE = (
    ("0 - X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 - X - -", 1, (OK, OK, ALARM, OK)),
    ("- - - - 0", 2, (OK, OK, ALARM, OK)),
    ("- - - X -", 2, (ALARM, KEPT, ALARM, OK)),
)


def points(text):
    values = {"0": 0.0, "X": 9.0, "-": None}
    return [
        Point(at * 60, values[sign], sign == "X") for at, sign in enumerate(text.split(), start=1)
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("row", "needed"),
    [(row, 3) for row in THREE_OF_THREE] + [(row, 2) for row in TWO_OF_THREE],
    ids=lambda value: value[0] if isinstance(value, tuple) else str(value),
)
def test_the_tables_of_aws(row, needed, mode):
    text, filled, states = row
    verdict = evaluate(points(text), 3, needed, mode)
    expected = states[MODES.index(mode)]
    assert verdict.state is (None if expected is KEPT else expected)
    assert verdict.filled == filled


@pytest.mark.parametrize("text", ["- - - - X", "- - - X -"])
def test_a_breach_that_is_too_young_does_not_alarm(text):
    assert evaluate(points(text), 3, 3, Missing.MISSING).state is None


def test_the_alarm_ends_with_a_data_point_within_the_threshold():
    assert evaluate(points("- - - X 0"), 3, 3, Missing.MISSING).state is OK


def test_one_breach_is_enough_for_one_of_three():
    for mode in (Missing.MISSING, Missing.IGNORE, Missing.NOT_BREACHING):
        assert evaluate(points("- - - - X"), 3, 1, mode).state is ALARM


def test_older_data_points_stand_in_for_missing_ones():
    verdict = evaluate(points("X - -"), 1, 1, Missing.NOT_BREACHING)
    assert verdict.state is ALARM
    assert [point.at for point in verdict.points] == [60]
