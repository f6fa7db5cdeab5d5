"""The programs `train` and `serve` of our own image, run as the processes that SageMaker starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from tests.local.serving_process import ROOT, running

TRAIN = ROOT / "workflow" / "container" / "train"
SAMPLES = {"iris": "iris.csv", "housing": "cal_housing.csv"}


class Job:
    """The folders of a training job, as preprocess leaves them."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.failure = root / "output" / "failure"
        config = root / "config"
        config.mkdir()
        document = yaml.safe_load((ROOT / f"config/use_cases/{name}.yaml").read_text())
        (config / "use_case.json").write_text(json.dumps(document))
        self.sample = ROOT / "sample-files" / SAMPLES[name]
        data = root / "data"
        data.mkdir()
        (data / "data.csv").write_bytes(self.sample.read_bytes())
        script = ROOT / "workflow/preprocess.py"
        command = [
            sys.executable,
            script,
            "--data",
            data,
            "--config",
            config,
            "--output",
            root / "out",
        ]
        subprocess.run(command, check=True, capture_output=True)

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                sys.executable, TRAIN,
                "--train", self.root / "out/train", "--profile", self.root / "out/model",
                "--config", self.root / "config", "--model-dir", self.root / "model",
                "--hyperparameters", self.root / "hyperparameters.json", "--failure", self.failure, *more,
            ],
            env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def start_long(self) -> tuple[subprocess.Popen[bytes], psutil.Process]:
        """A fit that takes minutes, and the process of train.py in it."""
        process = self.start("--max_iter", "1000000")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            children = psutil.Process(process.pid).children()
            # Its first line comes when the libraries are imported and the fit begins.
            if children and process.stdout and process.stdout.readline():
                return process, children[0]
            time.sleep(0.05)
        raise AssertionError("train.py did not start")


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return Job(tmp_path_factory.mktemp("iris"), "iris")


@pytest.fixture
def housing(tmp_path: Path) -> Iterator[Job]:
    yield Job(tmp_path, "housing")


def test_train_then_serve(iris: Job, tmp_path: Path) -> None:
    (iris.root / "hyperparameters.json").write_text('{"C": "0.5"}')
    process = iris.start()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert b'"C": "0.5"' in output or b'"C": 0.5' in output
    assert not iris.failure.exists()
    with running(iris.root / "model", tmp_path / "log") as server:
        answer = server.predict(b"5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n", accept="text/csv")
        assert (answer.status, answer.body) == (200, b"setosa\nvirginica\n")


def test_a_failure_has_its_reason_and_exit_code(iris: Job) -> None:
    process = iris.start("--depth", "3")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 255
    assert "depth: LogisticRegression has no such hyperparameter" in iris.failure.read_text()
    assert b"no such hyperparameter" in errors
    iris.failure.unlink()


def test_a_script_that_cannot_even_start_has_a_reason(iris: Job) -> None:
    process = iris.start("--train")
    process.communicate(timeout=60)
    assert process.returncode == 255
    assert "train.py ended with exit code 2" in iris.failure.read_text()
    assert "argument --train: expected one argument" in iris.failure.read_text()
    iris.failure.unlink()


def test_sigterm_ends_the_fit_at_once(housing: Job) -> None:
    process, child = housing.start_long()
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert time.monotonic() - started < 5
    assert not child.is_running()
    assert b"stopped by SIGTERM" in errors
    assert not housing.failure.exists()


def test_a_fit_that_is_killed_has_a_reason(housing: Job) -> None:
    process, child = housing.start_long()
    child.kill()
    process.communicate(timeout=30)
    assert process.returncode == 255
    assert "was killed (SIGKILL), most often because the memory" in housing.failure.read_text()
