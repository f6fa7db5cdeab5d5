"""The checked values of a request as the arrays that models take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.errors import InvalidRequestError
from ml.inference.requests import Rows, check, listed

if TYPE_CHECKING:  # our own server makes arrays too, and starts without pandas
    import pandas as pd


def features_of(rows: Rows, use_case: UseCase) -> pd.DataFrame:
    """The features of every row with the model's types, as the scikit-learn Pipeline takes them."""
    from ml.data.frames import make_frame

    return make_frame(arrays_of(rows, use_case))


def arrays_of(rows: Rows, use_case: UseCase, first: int = 1) -> dict[str, npt.NDArray[Any]]:
    """The features' values by name; raise InvalidRequestError listing the first problems.

    `first` is the number of the first row, when these rows are a part of a longer request.
    """
    features = use_case.features
    values, problems = check(rows, features, range(first, first + len(rows.rows)))
    if problems:
        raise InvalidRequestError(f"{listed([problem.text for problem in problems])}.")
    return {
        column.name: _array(values[column.name], np.float64 if column.is_number else object)
        for column in features
    }


def _array(values: list[Any], dtype: Any) -> npt.NDArray[Any]:
    array = np.empty(len(values), dtype=dtype)
    array[:] = values
    return array
