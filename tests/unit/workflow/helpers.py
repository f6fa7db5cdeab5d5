"""Shared by the tests of the jobs."""

from __future__ import annotations

import pandas as pd

from ml.data.data_gate import GatedData
from ml.data.frames import frame_of


def as_csv(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def frame_of_data(data: GatedData) -> pd.DataFrame:
    """All rows that passed the gate."""
    return frame_of(list(data.chunks()), data.use_case)
