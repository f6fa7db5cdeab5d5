"""The use case: config/use_cases/<name>.yaml, read by the jobs as JSON and checked as a whole.

config/use_case.schema.json describes the document for editors and for the Lambda that copies it; here it
becomes frozen dataclasses, and the rules that a schema cannot say (the target is a column, its type fits
the task, a minimum is below its maximum) are checked too. All problems are reported at once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml.config.columns import Column as Column
from ml.config.columns import read_columns
from ml.config.metric_names import METRICS
from ml.config.search_space import Search, read_cross_validation, read_search
from ml.config.section import Section
from ml.errors import JobError

TASKS = ("regression", "classification")
NAME_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,14}")
SEED_MAXIMUM = 2**32 - 1


class UseCaseError(JobError):
    """The use case cannot be used; lists every problem."""


@dataclass(frozen=True)
class DataRules:
    minimum_rows: int = 50
    minimum_class_rows: int = 10
    duplicates: str = "keep"
    unexpected_columns: str = "refuse"
    minimum_class_share: float = 0.0
    encoding: str = (
        "auto"  # or "utf-8": anything else is refused instead of read as Excel writes it
    )


@dataclass(frozen=True)
class Split:
    test_share: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class Model:
    estimator: str
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class Metric:
    name: str
    threshold: float
    direction: str


@dataclass(frozen=True)
class Champion:
    """What the gate asks of a model beside the one in production."""

    max_regression: float | None = None  # how much worse it may be; None: it may be any worse


@dataclass(frozen=True)
class Batch:
    """What a transform job does about a row that the model cannot take."""

    bad_rows: str = "fail"  # or "skip"


@dataclass(frozen=True)
class UseCase:
    name: str
    description: str
    task: str
    target: str
    columns: tuple[Column, ...]
    model: Model
    metric: Metric
    data: DataRules = DataRules()
    split: Split = Split()
    champion: Champion = Champion()
    batch: Batch = Batch()
    search: Search | None = None
    cross_validation: int = 0  # folds
    document: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def features(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.name != self.target)

    @property
    def feature_names(self) -> list[str]:
        return [column.name for column in self.features]

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def target_column(self) -> Column:
        return next(column for column in self.columns if column.name == self.target)


def load_use_case(place: Path) -> UseCase:
    """Read use_case.json, or the one JSON file of a folder (a channel is a folder)."""
    path = place
    if place.is_dir():
        found = sorted(place.glob("*.json"))
        if len(found) != 1:
            names = ", ".join(file.name for file in found) or "none"
            raise UseCaseError(f"{place} must hold one use case (a .json file); found {names}.")
        path = found[0]
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UseCaseError(f"Cannot read the use case {path}: {error.strerror}.") from error
    except ValueError as error:
        raise UseCaseError(f"The use case {path} is not JSON: {error}.") from error
    return parse_use_case(document)


def parse_use_case(document: object) -> UseCase:
    """Turn the document into a UseCase, or raise UseCaseError with every problem found."""
    problems: list[str] = []
    root = Section(document, "", problems)
    name = root.text("name")
    if name and not NAME_PATTERN.fullmatch(name):
        problems.append(f"name: found {name!r}, expected a match of {NAME_PATTERN.pattern}")
    description = root.text("description")
    task = root.choice("task", TASKS)
    target = root.text("target")
    columns = read_columns(root, problems)
    data = _data_rules(root.section("data"))
    split = _split(root.section("split"))
    model = _model(root.section("model"))
    metric = _metric(root.section("metric"), task, problems)
    champion = _champion(root.section("champion"))
    batch = _batch(root.section("batch"))
    search = read_search(root, model.hyperparameters, problems)
    cross_validation = read_cross_validation(root)
    root.ignore("sample")  # read by the deployment scripts only
    root.ignore("endpoint")  # read by plan_deployment
    root.finish()
    _check_target(target, task, columns, problems)
    if problems:
        lines = "\n".join(f"- {problem}" for problem in problems)
        raise UseCaseError(
            f"The use case has {len(problems)} problem(s); correct config/use_cases/ "
            f"(config/use_case.schema.json describes it):\n{lines}"
        )
    return UseCase(
        name,
        description,
        task,
        target,
        columns,
        model,
        metric,
        data,
        split,
        champion,
        batch,
        search,
        cross_validation,
        dict(root.content),
    )


def _data_rules(section: Section) -> DataRules:
    default = DataRules()
    rules = DataRules(
        section.integer("minimum_rows", default=default.minimum_rows, minimum=10),
        section.integer("minimum_class_rows", default=default.minimum_class_rows, minimum=2),
        section.choice("duplicates", ("keep", "drop", "refuse"), default=default.duplicates),
        section.choice(
            "unexpected_columns", ("refuse", "ignore"), default=default.unexpected_columns
        ),
        section.number(
            "minimum_class_share", default=default.minimum_class_share, minimum=0.0, maximum=0.5
        ),
        section.choice("encoding", ("auto", "utf-8"), default=default.encoding),
    )
    section.finish()
    return rules


def _split(section: Section) -> Split:
    split = Split(
        section.number("test_share", default=Split.test_share, minimum=0.05, maximum=0.5),
        section.integer("seed", default=Split.seed, minimum=0, maximum=SEED_MAXIMUM),
    )
    section.finish()
    return split


def _model(section: Section) -> Model:
    model = Model(
        section.text("estimator"),
        section.mapping("hyperparameters"),
        section.integer("seed", default=Model.seed, minimum=0, maximum=SEED_MAXIMUM),
    )
    section.finish()
    return model


def _metric(section: Section, task: str, problems: list[str]) -> Metric:
    allowed = tuple(name for name, known in METRICS.items() if not task or known.task == task)
    name = section.choice("name", allowed)
    threshold = section.number("threshold")
    direction = section.choice("direction", ("maximize", "minimize"))
    section.finish()
    if name and direction and direction != METRICS[name].direction:
        problems.append(
            f"metric.direction: found {direction!r}, but for {name} it is "
            f"{METRICS[name].direction!r} that makes a model better"
        )
    return Metric(name, threshold, direction)


def _champion(section: Section) -> Champion:
    worse = section.optional_number("max_regression", minimum=0.0)
    section.finish()
    return Champion(worse)


def _batch(section: Section) -> Batch:
    batch = Batch(section.choice("bad_rows", ("fail", "skip"), default=Batch.bad_rows))
    section.finish()
    return batch


def _check_target(target: str, task: str, columns: tuple[Column, ...], problems: list[str]) -> None:
    column = next((column for column in columns if column.name == target), None)
    if target and column is None:
        names = ", ".join(column.name for column in columns)
        problems.append(f"target: found {target!r}, expected one of the columns: {names}")
    if column is None:
        return
    if task == "regression" and not column.is_number:
        problems.append(f"target: {target!r} is a {column.type}; a regression predicts a number")
    if task == "classification" and not column.is_category:
        problems.append(
            f"target: {target!r} is of type {column.type}; a classification predicts a category "
            "(list its labels under values)"
        )
    if column.maximum_missing_share > 0:
        problems.append(f"target: {target!r} must not have a maximum_missing_share")
