"""Make housing data of any size: the columns, formats and ranges of the sample, the same for a seed.

python -m benchmarks.housing_data --rows 10000000 --output /tmp/housing.csv
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

ROWS_AT_ONCE = 500_000


def make_rows(rows: int, random: np.random.Generator) -> pl.DataFrame:
    """Invented rows with a relation that a model can learn."""
    longitude = random.uniform(-124.35, -114.31, rows).round(2)
    latitude = random.uniform(32.54, 41.95, rows).round(2)
    age = random.normal(29, 13, rows).clip(1, 52).round()
    income = random.lognormal(1.25, 0.45, rows).clip(0.4999, 15.0001).round(4)
    households = random.lognormal(6.0, 0.65, rows).clip(1, 6082).round()
    rooms_each = (4.2 + 0.33 * income + random.normal(0, 0.8, rows)).clip(1.5, 12)
    people_each = random.normal(2.9, 0.6, rows).clip(1.1, 6)
    bedrooms_each = random.normal(1.06, 0.05, rows).clip(0.8, 1.5)
    inland = (longitude + 117.2 + (latitude - 32.6) * 0.88).clip(0)
    share = (
        0.06
        + 0.072 * income
        + 0.10 * np.exp(-inland / 0.25)
        + 0.0008 * age
        + 0.012 * (rooms_each - 5.5)
        - 0.045 * (people_each - 2.9)
        + random.normal(0, 0.055, rows)
    )
    dollars = ((share * 5000).round() * 100).clip(14_999, 500_001)
    return pl.DataFrame(
        {
            "longitude": longitude,
            "latitude": latitude,
            "housingMedianAge": age,
            "totalRooms": (households * rooms_each).clip(2, 39320).round(),
            "totalBedrooms": (households * bedrooms_each).clip(1, 6445).round(),
            "population": (households * people_each).clip(3, 35682).round(),
            "households": households,
            "medianIncome": income,
            "medianHouseValue": dollars / 500_000,
        }
    )


def write_housing(path: Path, rows: int, seed: int = 1990, *, requests: bool = False) -> None:
    """A CSV to train on, or with `requests` one to predict: without header and target."""
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for start in range(0, rows, ROWS_AT_ONCE):
            frame = make_rows(min(ROWS_AT_ONCE, rows - start), random)
            if requests:
                frame = frame.drop("medianHouseValue")
            frame.write_csv(file, include_header=start == 0 and not requests)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1990)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--requests", action="store_true", help="without header and target")
    args = parser.parse_args()
    write_housing(args.output, args.rows, args.seed, requests=args.requests)
