"""The sample files are what their README says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from sklearn.datasets import load_iris

SAMPLES = Path(__file__).resolve().parents[3] / "sample-files"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_housing_files_are_what_the_generator_makes(tmp_path):
    load("make_housing").make_files(tmp_path)
    for name in ("cal_housing.csv", "cal_pred.csv"):
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()
    assert (SAMPLES / "cal_housing.csv").stat().st_size < 600_000


def test_the_iris_file_is_scikit_learns():
    iris = load_iris()
    frame = pd.read_csv(SAMPLES / "iris.csv")
    assert (frame.iloc[:, :4].to_numpy() == iris.data).all()
    assert frame["variety"].tolist() == [str(iris.target_names[code]) for code in iris.target]


@pytest.mark.parametrize(
    ("name", "whole"), [("iris_pred.csv", "iris.csv"), ("cal_pred.csv", "cal_housing.csv")]
)
def test_rows_to_predict_have_no_header_and_no_target(name, whole):
    rows = [line.split(",") for line in (SAMPLES / name).read_text().splitlines()]
    columns = (SAMPLES / whole).read_text().splitlines()[0].split(",")
    assert len(rows) == 10
    assert {len(row) for row in rows} == {len(columns) - 1}
    assert all(float(cell) is not None for row in rows for cell in row)


def test_fetched_averages_become_the_census_totals():
    totals = pd.read_csv(SAMPLES / "cal_housing.csv").head(500)
    fetched = pd.DataFrame(
        {
            "MedInc": totals["medianIncome"],
            "HouseAge": totals["housingMedianAge"],
            "AveRooms": totals["totalRooms"] / totals["households"],
            "AveBedrms": totals["totalBedrooms"] / totals["households"],
            "Population": totals["population"],
            "AveOccup": totals["population"] / totals["households"],
            "Latitude": totals["latitude"],
            "Longitude": totals["longitude"],
            "MedHouseVal": totals["medianHouseValue"] * 5,
        }
    )
    assert load("fetch_housing").to_totals(fetched).equals(totals)


def test_other_columns_are_refused():
    with pytest.raises(ValueError, match="AveOccup, Latitude, Longitude, MedHouseVal missing"):
        load("fetch_housing").to_totals(
            pd.DataFrame(columns=["MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population"])
        )
