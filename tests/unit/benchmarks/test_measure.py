"""Measuring a process: what it used, that a failing one is no figure, and how figures are shown."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import measure
from benchmarks.measure import BenchmarkError, Usage

HUNGRY = "import sys, time; block = bytearray(int(sys.argv[1]) << 20); time.sleep(0.2)"


@pytest.fixture
def small_parent(monkeypatch):
    """The process of the tests is larger than what it measures here."""
    monkeypatch.setattr(
        measure.resource, "getrusage", lambda who: type("Used", (), {"ru_maxrss": 0})
    )


@pytest.mark.usefixtures("small_parent")
def test_seconds_and_peak_are_those_of_the_process():
    # More than what these tests hold themselves: a child's mark starts at its parent's.
    large = 1024
    usage = measure.run([sys.executable, "-c", HUNGRY, str(large)])
    assert 0.2 <= usage.seconds < 30
    assert 0 < usage.processor < usage.seconds + 10
    assert large <= usage.peak / measure.MEBIBYTE < large + 200


def test_a_peak_below_the_own_one_is_refused():
    with pytest.raises(BenchmarkError, match="so its peak cannot be told"):
        measure.run([sys.executable, "-c", "pass"])


@pytest.mark.usefixtures("small_parent")
def test_a_failing_process_is_told_with_its_output():
    with pytest.raises(BenchmarkError, match=r"ended with 3:\nno such luck"):
        measure.run([sys.executable, "-c", "import sys; print('no such luck'); sys.exit(3)"])


@pytest.mark.usefixtures("small_parent")
def test_environment_and_directory_are_passed_on(tmp_path):
    code = "import os; open('seen', 'w').write(os.environ['COLOUR'])"
    measure.run([sys.executable, "-c", code], {"COLOUR": "red"}, tmp_path)
    assert (tmp_path / "seen").read_text() == "red"


def test_the_median_is_taken_of_each_figure():
    usages = [Usage(1, 9, 5), Usage(2, 8, 7), Usage(9, 1, 6)]
    assert measure.median(usages) == Usage(2, 8, 6)


def test_a_machine_is_told_by_size_and_not_by_name():
    told = {"cores", "memory_gib", "system", "architecture", "load_average"}
    assert set(measure.machine()) == told
    found = measure.versions("numpy", "no-such-package")
    assert set(found) == {"python", "numpy", "no-such-package"}
    assert found["no-such-package"] == "not installed"


def test_tables_and_files(tmp_path):
    assert (
        measure.markdown(["what", "s"], [["a", 1.5]]) == "| what | s |\n| --- | ---: |\n| a | 1.5 |"
    )
    measure.save({"rows": 1}, tmp_path / "results" / "x.json")
    assert json.loads((tmp_path / "results" / "x.json").read_text()) == {"rows": 1}
    measure.save({"rows": 1}, None)
