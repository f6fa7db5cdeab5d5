"""Fetch the real California housing data through scikit-learn and write it in this project's columns.

    python sample-files/fetch_housing.py --output build/cal_housing.csv

scikit-learn downloads the data once (0.4 MB, from figshare.com) and keeps it in ~/scikit_learn_data. It
gives averages a household; the use case wants the census' own totals, which follow from them exactly.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

FETCHED = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
    "MedHouseVal",
)


def to_totals(fetched: pd.DataFrame) -> pd.DataFrame:
    """The columns of config/use_cases/housing.yaml from those of fetch_california_housing."""
    missing = [name for name in FETCHED if name not in fetched]
    if missing:
        raise ValueError(
            f"fetch_california_housing gave {', '.join(map(str, fetched.columns))}; "
            f"{', '.join(missing)} missing. Another version of scikit-learn may name them differently."
        )
    households = (fetched["Population"] / fetched["AveOccup"]).round()
    return pd.DataFrame(
        {
            "longitude": fetched["Longitude"],
            "latitude": fetched["Latitude"],
            "housingMedianAge": fetched["HouseAge"],
            "totalRooms": (fetched["AveRooms"] * households).round(),
            "totalBedrooms": (fetched["AveBedrms"] * households).round(),
            "population": fetched["Population"],
            "households": households,
            "medianIncome": fetched["MedInc"],
            # Hundreds of thousands of dollars; the use case counts in half a million.
            "medianHouseValue": (fetched["MedHouseVal"] * 100_000).round() / 500_000,
        }
    )


def main(output: Path) -> None:
    from sklearn.datasets import fetch_california_housing

    frame = to_totals(fetch_california_housing(as_frame=True).frame)
    output.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(output, index=False, lineterminator="\n")
    sys.stdout.write(f"wrote {len(frame)} rows to {output}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output", type=Path, default=Path("build/cal_housing.csv"), help="the file to write"
    )
    main(parser.parse_args().output)
