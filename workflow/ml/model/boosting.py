"""XGBoost with what scikit-learn's estimators have: labels that are texts, and checked hyperparameters.

XGBoost takes whatever hyperparameter it is given and ignores what it does not know, so what a use case may
set is listed here with its range. https://xgboost.readthedocs.io/en/stable/parameter.html
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost
from sklearn.utils._param_validation import Interval, StrOptions
from xgboost import XGBRegressor

__all__ = ["XGBClassifier", "XGBRegressor", "constraints_of"]


class XGBClassifier(xgboost.XGBClassifier):
    """XGBoost's own class takes only the labels 0, 1, 2 ..."""

    labels_: npt.NDArray[Any] | None = None

    def fit(self, X: Any, y: npt.NDArray[Any], **more: Any) -> XGBClassifier:  # noqa: N803
        labels, codes = np.unique(np.asarray(y), return_inverse=True)
        self.labels_ = None  # XGBoost compares the codes with classes_
        super().fit(X, codes, **more)
        self.labels_ = labels
        return self

    def predict(self, X: Any, **more: Any) -> npt.NDArray[Any]:  # noqa: N803
        codes = np.asarray(super().predict(X, **more), dtype=int)
        return codes if self.labels_ is None else self.labels_[codes]

    @property
    def classes_(self) -> npt.NDArray[Any]:
        return super().classes_ if self.labels_ is None else self.labels_


def _whole(low: int) -> list[Any]:
    return [Interval(Integral, low, None, closed="left"), None]


def _share() -> list[Any]:
    return [Interval(Real, 0, 1, closed="right"), None]


def _not_negative() -> list[Any]:
    return [Interval(Real, 0, None, closed="left"), None]


def _one_of(*words: str) -> list[Any]:
    return [StrOptions(set(words)), None]


# None: XGBoost's default.
_COMMON: dict[str, list[Any]] = {
    "n_estimators": _whole(1),
    "max_depth": _whole(0),
    "max_leaves": _whole(0),
    "max_bin": _whole(2),
    "grow_policy": _one_of("depthwise", "lossguide"),
    "learning_rate": _share(),
    "booster": _one_of("gbtree", "dart"),
    "tree_method": _one_of("auto", "exact", "approx", "hist"),
    "gamma": _not_negative(),
    "min_child_weight": _not_negative(),
    "max_delta_step": _not_negative(),
    "subsample": _share(),
    "colsample_bytree": _share(),
    "colsample_bylevel": _share(),
    "colsample_bynode": _share(),
    "reg_alpha": _not_negative(),
    "reg_lambda": _not_negative(),
    "num_parallel_tree": _whole(1),
    "random_state": _whole(0),
    "n_jobs": _whole(1),
}
_REGRESSION: dict[str, list[Any]] = {
    "objective": _one_of(
        "reg:squarederror",
        "reg:squaredlogerror",
        "reg:pseudohubererror",
        "reg:absoluteerror",
        "reg:gamma",
        "reg:tweedie",
        "count:poisson",
    ),
    "base_score": [Interval(Real, None, None, closed="neither"), None],
}
_CLASSIFICATION: dict[str, list[Any]] = {
    "scale_pos_weight": [Interval(Real, 0, None, closed="neither"), None],
}


def constraints_of(estimator_class: type) -> dict[str, list[Any]]:
    more = _CLASSIFICATION if issubclass(estimator_class, XGBClassifier) else _REGRESSION
    return {**_COMMON, **more}
