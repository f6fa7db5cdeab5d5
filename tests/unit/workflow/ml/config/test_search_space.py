"""The search of a use case: what its space holds, and every way in which it is refused."""

from __future__ import annotations

import numpy as np
import pytest

from ml.config.search_space import Range
from ml.config.use_case import UseCaseError, parse_use_case

NUMBER = {"type": "number", "minimum": 0.1, "maximum": 10}


def drawn(values: Range, count: int = 2000) -> list[float]:
    random = np.random.RandomState(0)
    return [values.rvs(random_state=random) for _ in range(count)]


def test_numbers_are_drawn_evenly_within_their_limits():
    found = drawn(Range("number", 0.1, 10))
    assert 0.1 <= min(found) < 0.2
    assert 9.9 < max(found) <= 10
    assert 0.45 < np.mean([value > 5 for value in found]) < 0.55
    assert all(value == float(f"{value:.6g}") for value in found)


def test_logarithms_are_drawn_evenly():
    found = drawn(Range("number", 0.01, 100, log=True))
    for low, high in ((0.01, 0.1), (0.1, 1), (1, 10), (10, 100)):
        assert 0.2 < np.mean([low <= value < high for value in found]) < 0.3


@pytest.mark.parametrize("log", [False, True])
def test_whole_numbers_are_whole_and_reach_both_ends(log):
    found = drawn(Range("integer", 1, 4, log=log))
    assert set(found) == {1, 2, 3, 4}
    assert all(type(value) is int for value in found)
    if not log:
        assert all(0.2 < found.count(value) / len(found) < 0.3 for value in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (Range("number", 0, 1, points=3), [0, 0.5, 1]),
        (Range("number", 0.01, 100, log=True), [0.01, 0.1, 1, 10, 100]),
        (Range("integer", 2, 4), [2, 3, 4]),
        (Range("integer", 1, 100, points=4), [1, 34, 67, 100]),
        (Range("integer", 1, 1000, log=True, points=4), [1, 10, 100, 1000]),
        (Range("integer", 1, 6, log=True), [1, 2, 4, 6]),  # none twice
        (Range("category", values=("a", None, 3)), ["a", None, 3]),
    ],
)
def test_the_points_of_a_grid(values, expected):
    assert values.grid() == pytest.approx(expected) if values.type == "number" else True
    if values.type != "number":
        assert values.grid() == expected


def test_a_search_is_read_with_its_defaults(small_document):
    small_document["model"]["hyperparameters"] = {}
    small_document["search"] = {"space": {"C": {**NUMBER, "log": True}}}
    search = parse_use_case(small_document).search
    assert search.space == {"C": Range("number", 0.1, 10, log=True)}
    assert (search.strategy, search.trials, search.folds) == ("random", 20, 5)
    assert search.maximum_minutes == 60


def test_no_search_and_no_cross_validation_unless_asked_for(small):
    assert small.search is None
    assert small.cross_validation == 0


@pytest.mark.parametrize(("given", "folds"), [({}, 5), ({"folds": 3}, 3)])
def test_the_folds_of_a_cross_validation(small_document, given, folds):
    small_document["cross_validation"] = given
    assert parse_use_case(small_document).cross_validation == folds


SPACE = {"tol": {"type": "number", "minimum": 1e-5, "maximum": 1e-3}}
BAD = [
    ([], "search: found [], expected an object"),
    ({}, "search: space is missing, expected an object of objects"),
    ({"space": {}}, "search: space: found no hyperparameter, expected at least one"),
    ({"space": ["C"]}, "search: space: found ['C'], expected an object of objects"),
    ({"space": {"tol": 1}}, "search.space.tol: found 1, expected an object"),
    ({"space": SPACE, "jobs": 2}, "search: unknown key 'jobs', expected one of folds"),
    ({"space": SPACE, "strategy": "best"}, "search: strategy: found 'best', expected one of rand"),
    ({"space": SPACE, "trials": 501}, "search: trials: found 501, expected a whole number from 1"),
    ({"space": SPACE, "trials": "5"}, "search: trials: found '5', expected a whole number"),
    ({"space": SPACE, "folds": 1}, "search: folds: found 1, expected a whole number from 2 to 20"),
    ({"space": SPACE, "maximum_minutes": 0}, "search: maximum_minutes: found 0, expected a number"),
    (
        {"space": SPACE, "trials": 500, "folds": 20},
        "search: found 500 trials of 20 folds, expected",
    ),
    (
        {"space": SPACE, "strategy": "grid", "trials": 5},
        "search: trials: a grid tries every combination; remove it",
    ),
    (
        {"space": {"C": NUMBER}},
        "search.space.C: has a value of its own too (in model.hyperparameters, or in the manifest's",
    ),
    (
        {"strategy": "grid", "space": {f"h{i}": {**NUMBER, "points": 50} for i in range(3)}},
        "search: found 125000 trials of 5 folds, expected at most 5000 trainings; lower points",
    ),
]


@pytest.mark.parametrize(("search", "message"), BAD)
def test_a_bad_search_is_refused_by_place_and_value(small_document, search, message):
    small_document["search"] = search
    with pytest.raises(UseCaseError) as refusal:
        parse_use_case(small_document)
    assert message in str(refusal.value)


BAD_RANGES = [
    ({"type": "float"}, "type: found 'float', expected one of number, integer, category"),
    ({"minimum": 10, "maximum": 10}, "minimum 10 must be below maximum 10"),
    ({"minimum": "0"}, "minimum: found '0', expected a number"),
    ({"minimum": 0, "log": True}, "minimum 0 must be above 0, since log is true"),
    ({"log": "yes"}, "log: found 'yes', expected true or false"),
    ({"points": 3}, "points: only a grid has points; remove it, or set strategy: grid"),
    ({"values": [1, 2]}, "unknown key 'values', expected one of log, maximum"),
    ({"type": "integer"}, "found 0.1 to 10, expected whole numbers, since the type is integer"),
    ({"type": "category"}, "values is missing, expected a list of 2 to 50 different values"),
    ({"type": "category", "values": [1]}, "values: found [1], expected a list of 2 to 50 differ"),
    ({"type": "category", "values": [1, 1]}, "values: found [1, 1], expected a list of 2 to 50"),
    ({"type": "category", "values": [{}, 1]}, "values: found [{}, 1], expected a list of 2 to 50"),
]


@pytest.mark.parametrize(("change", "message"), BAD_RANGES)
def test_a_bad_range_is_refused_by_the_hyperparameters_name(small_document, change, message):
    small_document["search"] = {"space": {"tol": {**NUMBER, **change}}}
    with pytest.raises(UseCaseError) as refusal:
        parse_use_case(small_document)
    assert f"search.space.tol: {message}" in str(refusal.value)


def test_a_search_and_a_cross_validation_are_one_too_many(small_document):
    small_document |= {"search": {"space": SPACE}, "cross_validation": {"folds": 3}}
    with pytest.raises(UseCaseError, match="a search cross-validates every trial; remove cross_"):
        parse_use_case(small_document)
