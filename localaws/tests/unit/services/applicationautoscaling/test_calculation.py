import pytest

from localaws.services.applicationautoscaling.calculation import stepped_capacity, tracked_capacity


@pytest.mark.parametrize(
    ("base", "value", "target", "expected"),
    [
        (2, 400, 200, 4),
        (2, 401, 200, 5),
        (3, 200, 200, 3),
        (4, 90, 200, 2),
        (4, 1, 200, 1),
        (10, 0, 200, 0),
    ],
)
def test_target_tracking(base, value, target, expected):
    assert tracked_capacity(base, value, target) == expected


STEPS = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 3},
    {"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1},
]


@pytest.mark.parametrize(("value", "expected"), [(50, 5), (59, 5), (60, 7), (900, 7), (49, 3)])
def test_steps_by_how_far_the_threshold_is_crossed(value, expected):
    settings = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": STEPS}
    assert stepped_capacity(settings, 4, value, 50) == expected


def test_no_step_for_a_value():
    settings = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": STEPS[:1]}
    assert stepped_capacity(settings, 4, 70, 50) is None


@pytest.mark.parametrize(
    ("kind", "adjustment", "current", "least", "expected"),
    [
        ("ExactCapacity", 6, 4, 0, 6),
        ("PercentChangeInCapacity", 50, 4, 0, 6),
        ("PercentChangeInCapacity", 10, 4, 0, 5),
        ("PercentChangeInCapacity", 60, 4, 0, 6),
        ("PercentChangeInCapacity", 10, 4, 2, 6),
        ("PercentChangeInCapacity", -30, 10, 0, 7),
        ("PercentChangeInCapacity", -5, 10, 0, 9),
    ],
)
def test_kinds_of_adjustments(kind, adjustment, current, least, expected):
    settings = {
        "AdjustmentType": kind,
        "MinAdjustmentMagnitude": least,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": adjustment}],
    }
    assert stepped_capacity(settings, current, 1, 0) == expected
