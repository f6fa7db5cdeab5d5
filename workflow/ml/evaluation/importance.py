"""What the model relies on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from ml.config.use_case import UseCase
from ml.model.features import target_values
from ml.model.threads import limited_threads

IMPORTANCE_ROWS = 1_000
SHOWN_WORDS = 15


@dataclass(frozen=True)
class Importance:
    names: list[str]
    values: list[float]
    deviations: list[float]


def importance(pipeline: Any, frame: pd.DataFrame, use_case: UseCase) -> Importance:
    """How much worse the model gets when one feature is shuffled: for any estimator, on held-out rows."""
    sample = frame.sample(min(len(frame), IMPORTANCE_ROWS), random_state=use_case.model.seed)
    with limited_threads(sample.size):
        result = permutation_importance(
            pipeline,
            sample[use_case.feature_names],
            target_values(sample, use_case),
            n_repeats=5,
            random_state=use_case.model.seed,
        )
    order = np.argsort(-result.importances_mean, kind="stable")
    return Importance(
        [use_case.feature_names[position] for position in order],
        [float(result.importances_mean[position]) for position in order],
        [float(result.importances_std[position]) for position in order],
    )


def word_weights(pipeline: Any, use_case: UseCase) -> Importance | None:
    """The words with the most influence, towards the second label or a higher number and away from it.

    Of linear models on words only: one weight a word. None for every other model.
    """
    texts = [column.name for column in use_case.features if column.is_text]
    weights = getattr(pipeline[-1], "coef_", None)
    preprocessing = pipeline[0]
    if not texts or weights is None or not hasattr(preprocessing, "get_feature_names_out"):
        return None
    weights = np.asarray(weights)
    if weights.ndim == 2 and len(weights) != 1:
        return None  # a set of weights a label: no two directions
    try:
        names = [str(name) for name in preprocessing.get_feature_names_out()]
    except (AttributeError, ValueError):  # a hashed text has no words any more
        return None
    flat = weights.reshape(-1)
    if len(names) != len(flat):
        return None
    order = np.argsort(flat, kind="stable")
    chosen = list(dict.fromkeys([*order[::-1][:SHOWN_WORDS], *order[:SHOWN_WORDS][::-1]]))
    return Importance(
        [names[position].rpartition("__")[2] for position in chosen],
        [float(flat[position]) for position in chosen],
        [0.0] * len(chosen),
    )
