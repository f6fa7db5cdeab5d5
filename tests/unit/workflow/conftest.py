"""Use cases and data for the tests of the jobs, and one finished run of each shipped use case."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluate
import preprocess
import train
from ml.config.use_case import UseCase, load_use_case, parse_use_case
from ml.model.lineage import JOB_VARIABLES

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = {"housing": "cal_housing.csv", "iris": "iris.csv", "reviews": "reviews.csv"}

SMALL = {
    "name": "small",
    "description": "A use case with every kind of column.",
    "task": "classification",
    "target": "label",
    "columns": [
        {"name": "size", "type": "number", "minimum": 0, "maximum": 10},
        {"name": "count", "type": "integer", "minimum": 0},
        {"name": "colour", "type": "category", "values": ["red", "green"]},
        {"name": "label", "type": "category", "values": ["no", "yes"]},
    ],
    "data": {"minimum_rows": 10, "minimum_class_rows": 2},
    "split": {"test_share": 0.3, "seed": 7},
    "model": {"estimator": "LogisticRegression", "hyperparameters": {"C": 2.0}, "seed": 7},
    "metric": {"name": "accuracy", "threshold": 0.6, "direction": "maximize"},
}


@pytest.fixture(scope="session", autouse=True)
def by_hand() -> Iterator[None]:
    """No test runs in a job: `make` exports a setting of the same name as one of a job's variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*JOB_VARIABLES.values(), "CODE_VERSION"):
            patch.delenv(name, raising=False)
        yield


def shipped_document(name: str) -> dict[str, Any]:
    text = (ROOT / "config" / "use_cases" / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@pytest.fixture
def small_document() -> dict[str, Any]:
    return copy.deepcopy(SMALL)


@pytest.fixture
def small(small_document: dict[str, Any]) -> UseCase:
    return parse_use_case(small_document)


@pytest.fixture
def small_rows() -> list[list[str]]:
    """Twenty rows that the gate accepts: header, then size, count, colour and label."""
    rows = [["size", "count", "colour", "label"]]
    for number in range(20):
        yes = number % 2 == 0
        rows.append(
            [f"{number / 4}", str(number), "red" if number % 3 else "green", "yes" if yes else "no"]
        )
    return rows


@pytest.fixture
def write_data(tmp_path: Path) -> Callable[..., Path]:
    """Put a file into a data folder: write_data(text or bytes, name="data.csv") -> the folder."""
    folder = tmp_path / "data"

    def write(content: str | bytes, name: str = "data.csv") -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write


@dataclass(frozen=True)
class Run:
    """The folders of one run: config, output of preprocess, model, evaluation."""

    root: Path
    use_case: UseCase

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def evaluation(self) -> Path:
        return self.root / "evaluation"

    def json(self, path: str) -> Any:
        return json.loads((self.root / path).read_text(encoding="utf-8"))

    def preprocess(self, data: Path) -> None:
        flags = ["--data", data, "--config", self.config, "--output", self.out]
        preprocess.main(preprocess.parse_arguments([str(flag) for flag in flags]))

    def train(self, *hyperparameters: str, model: Path | None = None) -> None:
        flags: list[object] = ["--train", self.out / "train", "--profile", self.out / "model"]
        flags += ["--config", self.config, "--model-dir", model or self.model]
        flags += ["--hyperparameters", self.root / "hyperparameters.json"]
        train.main(train.parse_arguments([*map(str, flags), *hyperparameters]))

    def evaluate(self, *more: str, model: Path | None = None) -> None:
        flags: list[object] = ["--model", model or self.model, "--test", self.out / "test"]
        flags += ["--profile", self.out / "model", "--config", self.config]
        flags += ["--output", self.evaluation]
        evaluate.main(evaluate.parse_arguments([*map(str, flags), *more]))


def start_run(root: Path, document: dict[str, Any]) -> Run:
    config = root / "config"
    config.mkdir(parents=True)
    (config / "use_case.json").write_text(json.dumps(document), encoding="utf-8")
    return Run(root, load_use_case(config))


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[[dict[str, Any]], Run]:
    """Start a run of a document in a folder of its own."""
    count = iter(range(100))
    return lambda document: start_run(tmp_path / f"run-{next(count)}", document)


def sample_data(root: Path, name: str) -> Path:
    folder = root / "data"
    folder.mkdir()
    sample = ROOT / "sample-files" / SAMPLES[name]
    (folder / sample.name).write_bytes(sample.read_bytes())
    return folder


def finished_run(root: Path, name: str) -> Run:
    run = start_run(root, shipped_document(name))
    run.preprocess(sample_data(root, name))
    run.train()
    run.evaluate()
    return run


@pytest.fixture(scope="session")
def housing_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finished_run(tmp_path_factory.mktemp("housing"), "housing")


@pytest.fixture(scope="session")
def iris_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finished_run(tmp_path_factory.mktemp("iris"), "iris")


@pytest.fixture(scope="session")
def reviews_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finished_run(tmp_path_factory.mktemp("reviews"), "reviews")
