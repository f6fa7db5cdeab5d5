"""Make the synthetic housing samples: cal_housing.csv (to train on) and cal_pred.csv (to predict).

    python sample-files/make_housing.py

Nothing in these files is real. They have the columns, the formats and the ranges of the California housing
census data, and an invented relation between place, income, rooms and value that a model can learn. The
random numbers start from a fixed value, so the files come out the same every time. The real data:
fetch_housing.py.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from random import Random

COLUMNS = (
    "longitude,latitude,housingMedianAge,totalRooms,totalBedrooms,population,households,medianIncome,"
    "medianHouseValue"
)

# Longitude, latitude, how far its blocks spread (degrees), how dear it is, how much of the sample it has.
TOWNS = (
    (-122.42, 37.77, 0.15, 0.26, 8),  # San Francisco
    (-121.89, 37.33, 0.20, 0.20, 7),  # San Jose
    (-122.27, 37.83, 0.20, 0.10, 6),  # Oakland
    (-118.30, 34.06, 0.30, 0.14, 24),  # Los Angeles
    (-117.88, 33.72, 0.22, 0.13, 9),  # Orange County
    (-117.14, 32.76, 0.22, 0.08, 8),  # San Diego
    (-119.75, 34.44, 0.15, 0.16, 2),  # Santa Barbara
    (-117.35, 34.02, 0.30, -0.06, 8),  # Riverside
    (-121.48, 38.57, 0.30, -0.05, 7),  # Sacramento
    (-119.78, 36.75, 0.40, -0.13, 6),  # Fresno
    (-119.02, 35.37, 0.40, -0.14, 4),  # Bakersfield
    (-121.28, 37.95, 0.30, -0.08, 4),  # Stockton
    (-122.38, 40.57, 0.60, -0.12, 3),  # Redding
    (-124.08, 40.85, 0.20, -0.08, 1),  # Eureka
    (-116.50, 33.85, 0.50, -0.08, 2),  # Palm Springs
)
CAPPED_DOLLARS = 500_001  # the census wrote no larger value


def make_row(random: Random) -> list[str]:
    longitude, latitude, spread, premium, _ = random.choices(TOWNS, [town[4] for town in TOWNS])[0]
    longitude = round(clip(random.gauss(longitude, spread), -124.35, -114.31), 2)
    latitude = round(clip(random.gauss(latitude, spread), 32.54, 41.95), 2)
    age = round(clip(random.gauss(29, 13), 1, 52))
    income = round(clip(random.lognormvariate(1.25, 0.45), 0.4999, 15.0001), 4)
    households = round(clip(random.lognormvariate(6.0, 0.65), 1, 6082))
    rooms_each = clip(random.gauss(4.2 + 0.33 * income, 0.8), 1.5, 12)
    people_each = clip(random.gauss(2.9, 0.6), 1.1, 6)
    rooms = round(clip(households * rooms_each, 2, 39320))
    bedrooms = round(clip(households * clip(random.gauss(1.06, 0.05), 0.8, 1.5), 1, 6445))
    population = round(clip(households * people_each, 3, 35682))
    share = (
        0.06
        + 0.072 * income
        + premium
        + 0.10 * math.exp(-coast_distance(longitude, latitude) / 0.25)
        + 0.0008 * age
        + 0.012 * (rooms_each - 5.5)
        - 0.045 * (people_each - 2.9)
        + random.gauss(0, 0.055)
    )
    dollars = min(max(round(share * 5000) * 100, 14_999), CAPPED_DOLLARS)
    numbers = [age, rooms, bedrooms, population, households]
    return [
        repr(longitude),
        repr(latitude),
        *(f"{number}.0" for number in numbers),
        repr(income),
        repr(dollars / 500_000),
    ]


def coast_distance(longitude: float, latitude: float) -> float:
    """Degrees east of a straight line near the Californian coast."""
    return max(0.0, longitude + 117.2 + (latitude - 32.6) * 0.88)


def clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def make_files(folder: Path, rows: int = 4000, predictions: int = 10) -> None:
    random = Random(1990)  # noqa: S311 - invented numbers, not secrets
    lines = [COLUMNS] + [",".join(make_row(random)) for _ in range(rows)]
    (folder / "cal_housing.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    # What is sent for a prediction: no header, and no value, which is what the model is to find out.
    lines = [",".join(make_row(random)[:-1]) for _ in range(predictions)]
    (folder / "cal_pred.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--folder", type=Path, default=Path(__file__).parent, help="where to write the files"
    )
    make_files(parser.parse_args().folder)
