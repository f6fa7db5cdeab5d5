"""The shipped use cases, their schema, and that schema and job code agree on what is accepted."""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from ml.config.metric_names import METRICS
from ml.config.use_case import UseCaseError, parse_use_case
from ml.model.estimators import ESTIMATORS, make_estimator
from ml.model.features import make_pipeline
from ml.model.search import check_space

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "config/use_case.schema.json").read_text(encoding="utf-8"))
FILES = sorted((ROOT / "config/use_cases").glob("*.yaml"))
validate = fastjsonschema.compile(SCHEMA, use_default=False)


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_use_case_is_complete(path: Path):
    assert path.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=../use_case.schema.json\n"
    )
    document = read(path)
    validate(document)
    use_case = parse_use_case(document)
    assert use_case.name == path.stem
    make_pipeline(use_case, use_case.model.hyperparameters)
    if use_case.search:
        check_space(use_case, use_case.search, use_case.model.hyperparameters)
    for sample in document["sample"].values():
        assert (ROOT / sample).is_file()


def test_the_use_cases_survive_the_way_through_json():
    for path in FILES:
        document = read(path)
        assert json.loads(json.dumps(document)) == document


def text(**more: Any) -> dict[str, Any]:
    """A first column that is a text, and nothing else wrong but what `more` brings."""
    return {"name": "sepal_length", **more, "type": "text"}


def search(**more: Any) -> dict[str, Any]:
    return {"space": {"tol": {"type": "number", "minimum": 1e-5, "maximum": 1e-3}}, **more}


def search_range(**values: Any) -> dict[str, Any]:
    return {"space": {"tol": values}}


BROKEN = {
    "no name": lambda d: d.pop("name"),
    "unknown key": lambda d: d.update(owner="me"),
    "unknown column key": lambda d: d["columns"][0].update(unit="cm"),
    "unknown column type": lambda d: d["columns"][0].update(type="float"),
    "values of a number": lambda d: d["columns"][0].update(values=["a", "b"]),
    "category without values": lambda d: d["columns"][4].pop("values"),
    "minimum of a category": lambda d: d["columns"][4].update(minimum=0),
    "value with spaces": lambda d: d["columns"][4].update(values=["a ", "b"]),
    "text as number": lambda d: d["columns"][0].update(minimum="0"),
    "share of one": lambda d: d["split"].update(test_share=1),
    "negative seed": lambda d: d["model"].update(seed=-1),
    "unknown metric": lambda d: d["metric"].update(name="f2"),
    "long name": lambda d: d.update(name="a" * 16),
    "unknown duplicates": lambda d: d["data"].update(duplicates="merge"),
    "no columns": lambda d: d.update(columns=[]),
    "length of a number": lambda d: d["columns"][0].update(maximum_length=5),
    "length of a category": lambda d: d["columns"][4].update(minimum_length=5),
    "values of a text": lambda d: d["columns"].__setitem__(0, text(values=["a", "b"])),
    "minimum of a text": lambda d: d["columns"].__setitem__(0, text(minimum=1)),
    "a text of no length": lambda d: d["columns"].__setitem__(0, text(minimum_length=0)),
    "a text of any length": lambda d: d["columns"].__setitem__(0, text(maximum_length=10**6)),
    "unknown encoding": lambda d: d["data"].update(encoding="latin-1"),
    "class share of one": lambda d: d["data"].update(minimum_class_share=1),
    "negative regression": lambda d: d.update(champion={"max_regression": -0.1}),
    "unknown policy for bad rows": lambda d: d.update(batch={"bad_rows": "drop"}),
    "unknown batch key": lambda d: d.update(batch={"bad_lines": "skip"}),
    "unknown champion key": lambda d: d.update(champion={"regression": 0.1}),
    "search without space": lambda d: d.update(search={"trials": 5}),
    "search of nothing": lambda d: d.update(search={"space": {}}),
    "unknown search key": lambda d: d.update(search=search(jobs=2)),
    "unknown strategy": lambda d: d.update(search=search(strategy="bayesian")),
    "no trials": lambda d: d.update(search=search(trials=0)),
    "one fold": lambda d: d.update(search=search(folds=1)),
    "no time": lambda d: d.update(search=search(maximum_minutes=0)),
    "range as a list": lambda d: d.update(search={"space": {"C": [1, 2]}}),
    "range without type": lambda d: d.update(search=search_range(minimum=1, maximum=2)),
    "range without maximum": lambda d: d.update(search=search_range(type="number", minimum=1)),
    "one value": lambda d: d.update(search=search_range(type="category", values=["lbfgs"])),
    "equal values": lambda d: d.update(search=search_range(type="category", values=[1, 1])),
    "values of a range": lambda d: d.update(
        search=search_range(type="number", minimum=1, maximum=2, values=[1, 2])
    ),
    "log of words": lambda d: d.update(
        search=search_range(type="category", values=["a", "b"], log=True)
    ),
    "hyperparameter with a space": lambda d: d.update(
        search={"space": {"C 1": {"type": "number", "minimum": 1, "maximum": 2}}}
    ),
    "21 folds": lambda d: d.update(cross_validation={"folds": 21}),
    "unknown cross-validation key": lambda d: d.update(cross_validation={"repeats": 2}),
}


GOOD = {
    "a search": lambda d: d.update(search=search(trials=5, folds=3, maximum_minutes=1.5)),
    "a grid": lambda d: d.update(
        search=search_range(type="integer", minimum=1, maximum=9, points=3) | {"strategy": "grid"}
    ),
    "values of every type": lambda d: d.update(
        search=search_range(type="category", values=[1, 1.5, "a", None, True, [1, 2]])
    ),
    "cross-validation": lambda d: d.update(cross_validation={}),
    "bad rows are skipped": lambda d: d.update(batch={"bad_rows": "skip"}),
    "a champion": lambda d: d.update(champion={"max_regression": 0}),
    "a text": lambda d: d["columns"].insert(0, {"name": "t", "type": "text"}),
    "a short text": lambda d: d["columns"].insert(
        0, {"name": "t", "type": "text", "minimum_length": 5, "maximum_length": 5}
    ),
}


@pytest.mark.parametrize("change", GOOD.values(), ids=GOOD)
def test_schema_and_jobs_accept_the_same(change):
    document = copy.deepcopy(read(ROOT / "config/use_cases/iris.yaml"))
    change(document)
    validate(document)
    assert parse_use_case(document).document == document


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_schema_and_jobs_refuse_the_same(break_it):
    document = copy.deepcopy(read(ROOT / "config/use_cases/iris.yaml"))
    break_it(document)
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        validate(document)
    with pytest.raises(UseCaseError):
        parse_use_case(document)


def test_the_schema_lists_the_metrics_that_exist():
    assert SCHEMA["properties"]["metric"]["properties"]["name"]["enum"] == list(METRICS)


def test_every_estimator_can_be_made():
    for name, known in ESTIMATORS.items():
        if known.library and importlib.util.find_spec(known.library) is None:
            continue  # only our own image has it; tests/unit/workflow/ml/model.test_boosting.py
        assert type(make_estimator(name, known.task, {}, seed=1)).__name__ == name
