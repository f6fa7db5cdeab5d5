"""Read fitted trees and ensembles of trees into plain arrays, the same for every estimator of scikit-learn.

The names read here are part of scikit-learn's documented structure (`tree_`) or of what it pickles (`nodes`);
whether they still mean the same in another version is settled by comparing predictions, not by trust.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class CannotExportError(Exception):
    """The Pipeline has a part that is not translated; it is served by scikit-learn instead."""


@dataclass(frozen=True)
class Tree:
    """The arrays of one tree; node 0 is the root. `leaf` marks the nodes that hold a value."""

    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.floating[Any]]
    left: npt.NDArray[np.int64]  # taken when the feature is <= the threshold
    right: npt.NDArray[np.int64]
    missing_left: npt.NDArray[np.bool_]
    leaf: npt.NDArray[np.bool_]
    value: npt.NDArray[np.floating[Any]]
    target: int = 0


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves are added up by target, and divided.

    A start value is in the leaves of the first trees: the sum begins with it in scikit-learn too, and in
    another order its rounding would decide otherwise between classes of equal probability.
    """

    trees: list[Tree]
    targets: int
    divisor: float = 1.0
    link: str = "identity"  # from scores to predictions: identity, exp, sigmoid, softmax, shares
    slope: float = 1.0  # of the log-odds in the scores
    zero_is_first: bool = True  # the class of a sigmoid's score of 0


def is_passthrough(transformer: Any) -> bool:
    # A fitted ColumnTransformer of scikit-learn >= 1.4 holds a FunctionTransformer instead of the word.
    if type(transformer).__name__ == "FunctionTransformer":
        return transformer.func is None
    return transformer is None or (isinstance(transformer, str) and transformer == "passthrough")


def read_ensemble(estimator: Any) -> Ensemble | None:
    """The trees of an estimator; None when it is not made of trees."""
    name = type(estimator).__name__
    if name.startswith("HistGradientBoosting"):
        return _histogram_boosting(estimator)
    if name.startswith("GradientBoosting"):
        return _gradient_boosting(estimator)
    if name.startswith(("DecisionTree", "RandomForest", "ExtraTrees")):
        return _forest(estimator)
    return None


def _classes_link(estimator: Any) -> str:
    return "sigmoid" if len(estimator.classes_) == 2 else "softmax"


def _histogram_boosting(estimator: Any) -> Ensemble:
    trees: list[Tree] = []
    for iteration in estimator._predictors:
        for target, predictor in enumerate(iteration):
            nodes = predictor.nodes
            leaf = nodes["is_leaf"].astype(bool)
            if nodes["is_categorical"][~leaf].any():
                raise CannotExportError(f"{type(estimator).__name__} with categorical_features")
            trees.append(
                Tree(
                    nodes["feature_idx"].astype(np.int64),
                    nodes["num_threshold"],
                    nodes["left"].astype(np.int64),
                    nodes["right"].astype(np.int64),
                    nodes["missing_go_to_left"].astype(bool),
                    leaf,
                    nodes["value"],
                    target,
                )
            )
    links = {"IdentityLink": "identity", "LogLink": "exp"}
    name = type(estimator._loss.link).__name__
    if hasattr(estimator, "classes_"):
        link = _classes_link(estimator)
    elif name in links:
        link = links[name]
    else:
        raise CannotExportError(f"{type(estimator).__name__} with the link {name}")
    start = np.ravel(estimator._baseline_prediction).astype(np.float64)
    return Ensemble(_from(start, trees), int(estimator.n_trees_per_iteration_), link=link)


def _from(start: Floats, trees: list[Tree]) -> list[Tree]:
    """The trees, with the start of each target added to the leaves of its first tree."""
    first = [replace(tree, value=start[tree.target] + tree.value) for tree in trees[: len(start)]]
    return first + trees[len(start) :]


def _gradient_boosting(estimator: Any) -> Ensemble:
    if not (estimator.init_ == "zero" or type(estimator.init_).__name__.startswith("Dummy")):
        raise CannotExportError(f"{type(estimator).__name__} with an estimator as init")
    nothing = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    start = np.ravel(estimator._raw_predict_init(nothing)).astype(np.float64)
    trees = [
        _tree(member.tree_, member.tree_.value[:, 0, 0] * estimator.learning_rate, target)
        for stage in estimator.estimators_
        for target, member in enumerate(stage)
    ]
    classified = hasattr(estimator, "classes_")
    return Ensemble(
        _from(start, trees),
        int(estimator.estimators_.shape[1]),
        link=_classes_link(estimator) if classified else "identity",
        # The exponential loss (AdaBoost's) has half the log-odds as its score.
        slope=2.0 if estimator.loss == "exponential" else 1.0,
        zero_is_first=False,
    )


def _forest(estimator: Any) -> Ensemble:
    """A tree or the mean of several."""
    members = getattr(estimator, "estimators_", [estimator])
    if not hasattr(estimator, "classes_"):
        trees = [_tree(member.tree_, member.tree_.value[:, 0, 0]) for member in members]
        return Ensemble(trees, 1, float(len(members)))
    # A leaf here has one value, so each class has a copy of the trees with its own shares.
    trees = []
    for member in members:
        counts = member.tree_.value[:, 0, :]
        shares = counts / counts.sum(axis=1, keepdims=True)
        trees += [_tree(member.tree_, shares[:, k], k) for k in range(shares.shape[1])]
    classes = len(estimator.classes_)
    return Ensemble(trees, classes, float(len(members)), "shares")


def _tree(tree: Any, value: npt.NDArray[Any], target: int = 0) -> Tree:
    if tree.n_outputs != 1:
        raise CannotExportError("a tree that predicts several columns at once")
    leaf = tree.children_left == -1
    missing = getattr(tree, "missing_go_to_left", None)
    return Tree(
        np.where(leaf, 0, tree.feature),
        _for_doubles(tree.threshold),
        tree.children_left,
        tree.children_right,
        np.zeros(len(leaf), dtype=bool) if missing is None else missing.astype(bool),
        leaf,
        value,
        target,
    )


def _for_doubles(thresholds: Floats) -> Floats:
    """Thresholds for rows as they are, where scikit-learn first rounds the row to single precision.

    Rounding keeps the order, so round(x) <= t is x <= s for one s: the last number that rounds to the largest
    single-precision number up to t. That is half way to the next one, or just before, as ties go to even.
    """
    below = thresholds.astype(np.float32)
    below = np.where(below > thresholds, np.nextafter(below, np.float32(-np.inf)), below)
    above = np.nextafter(below, np.float32(np.inf))
    middle = (below.astype(np.float64) + above.astype(np.float64)) / 2
    return np.where(middle.astype(np.float32) == below, middle, np.nextafter(middle, -np.inf))
