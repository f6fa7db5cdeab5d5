"""The shipped use cases, their schema, and that schema and job code agree on what is accepted."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from ml.estimators import ESTIMATORS, make_estimator
from ml.metrics import METRICS
from ml.use_case import UseCaseError, parse_use_case

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
    model = use_case.model
    make_estimator(model.estimator, use_case.task, model.hyperparameters, model.seed)
    for sample in document["sample"].values():
        assert (ROOT / sample).is_file()


def test_the_use_cases_survive_the_way_through_json():
    for path in FILES:
        document = read(path)
        assert json.loads(json.dumps(document)) == document


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
}


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
        assert type(make_estimator(name, known.task, {}, seed=1)).__name__ == name
