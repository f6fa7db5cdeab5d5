"""Trees and ensembles of trees as one ONNX node in double precision (TreeEnsemble of ai.onnx.ml, version 5).

The older TreeEnsembleRegressor answers in single precision. Trees are read from what scikit-learn stores of
them: arrays of nodes, whose names are part of its documented structure (`tree_`) or of its pickles (`nodes`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.onnx_graph import (
    LABELS,
    PROBABILITIES,
    CannotExportError,
    Graph,
    add_classes,
    add_values,
)

BRANCH_LESS_OR_EQUAL, BRANCH_LESS = 0, 1
SUM = 1  # aggregate_function


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


def add_trees(
    graph: Graph,
    rows: str,
    trees: Sequence[Tree],
    targets: int,
    *,
    mode: int = BRANCH_LESS_OR_EQUAL,
    dtype: Any = np.float64,
) -> str:
    """One node that sums the leaves of all trees, by target."""
    columns: dict[str, list[npt.NDArray[Any]]] = {
        name: []
        for name in (
            "feature",
            "split",
            "missing",
            "to",
            "to_leaf",
            "else",
            "else_leaf",
            "value",
            "target",
        )
    }
    roots: list[int] = []
    inner_count = leaf_count = 0
    for tree in trees:
        inner, leaf = np.flatnonzero(~tree.leaf), np.flatnonzero(tree.leaf)
        roots.append(inner_count)
        place = np.zeros(len(tree.leaf), dtype=np.int64)
        place[inner] = inner_count + np.arange(len(inner))
        place[leaf] = leaf_count + np.arange(len(leaf))
        left, right = tree.left[inner], tree.right[inner]
        feature, split, missing = (
            tree.feature[inner],
            tree.threshold[inner],
            tree.missing_left[inner],
        )
        if len(inner) == 0:  # a tree of one leaf: the node that ONNX wants leads to it either way
            left = right = leaf
            feature, split, missing = np.array([0]), np.array([0.0]), np.array([False])
        added = (
            feature,
            split,
            missing,
            place[left],
            tree.leaf[left],
            place[right],
            tree.leaf[right],
        )
        values = tree.value[leaf]
        for name, part in zip(
            columns, (*added, values, np.full(len(leaf), tree.target)), strict=True
        ):
            columns[name].append(part)
        inner_count += len(feature)
        leaf_count += len(leaf)
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    return graph.node(
        "TreeEnsemble",
        rows,
        domain="ai.onnx.ml",
        n_targets=targets,
        aggregate_function=SUM,
        tree_roots=roots,
        nodes_featureids=joined["feature"].tolist(),
        nodes_modes=graph.tensor(np.full(inner_count, mode, dtype=np.uint8)),
        nodes_splits=graph.tensor(joined["split"].astype(dtype)),
        nodes_missing_value_tracks_true=joined["missing"].astype(int).tolist(),
        nodes_truenodeids=joined["to"].tolist(),
        nodes_trueleafs=joined["to_leaf"].astype(int).tolist(),
        nodes_falsenodeids=joined["else"].tolist(),
        nodes_falseleafs=joined["else_leaf"].astype(int).tolist(),
        leaf_targetids=joined["target"].tolist(),
        leaf_weights=graph.tensor(joined["value"].astype(dtype)),
    )


def add_histogram_boosting(graph: Graph, estimator: Any, rows: str) -> dict[str, int | None]:
    """HistGradientBoostingRegressor and -Classifier."""
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
    targets = int(estimator.n_trees_per_iteration_)
    raw = add_trees(graph, rows, trees, targets)
    raw = graph.node(
        "Add", raw, graph.constant(np.reshape(estimator._baseline_prediction, (1, -1)))
    )
    link = type(estimator._loss.link).__name__
    if hasattr(estimator, "classes_"):
        return add_classes(graph, raw, len(estimator.classes_), probabilities=True)
    if link == "LogLink":
        raw = graph.node("Exp", raw)
    elif link != "IdentityLink":
        raise CannotExportError(f"{type(estimator).__name__} with the link {link}")
    return add_values(graph, raw)


def add_gradient_boosting(graph: Graph, estimator: Any, rows: str) -> dict[str, int | None]:
    """GradientBoostingRegressor and -Classifier."""
    if not (estimator.init_ == "zero" or type(estimator.init_).__name__.startswith("Dummy")):
        raise CannotExportError(f"{type(estimator).__name__} with an estimator as init")
    start = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))
    trees = [
        _sklearn_tree(tree.tree_, tree.tree_.value[:, 0, 0] * estimator.learning_rate, target)
        for stage in estimator.estimators_
        for target, tree in enumerate(stage)
    ]
    raw = add_trees(
        graph, graph.double(graph.single_precision(rows)), trees, estimator.estimators_.shape[1]
    )
    raw = graph.node("Add", raw, graph.constant(start))
    if not hasattr(estimator, "classes_"):
        return add_values(graph, raw)
    # The exponential loss (AdaBoost's) has half the log-odds as its score.
    slope = 2.0 if estimator.loss == "exponential" else 1.0
    return add_classes(graph, raw, len(estimator.classes_), probabilities=True, slope=slope)


def add_forest(graph: Graph, estimator: Any, rows: str) -> dict[str, int | None]:
    """DecisionTree-, RandomForest- and ExtraTreesRegressor and -Classifier."""
    members = getattr(estimator, "estimators_", [estimator])
    rows = graph.double(graph.single_precision(rows))
    if not hasattr(estimator, "classes_"):
        trees = [_sklearn_tree(tree.tree_, tree.tree_.value[:, 0, 0]) for tree in members]
        total = add_trees(graph, rows, trees, 1)
        return add_values(graph, graph.node("Div", total, graph.constant([[len(members)]])))
    # A leaf of TreeEnsemble holds one number, so each class has its own copy of the trees.
    trees = []
    for tree in members:
        counts = tree.tree_.value[:, 0, :]
        shares = counts / counts.sum(axis=1, keepdims=True)
        trees += [_sklearn_tree(tree.tree_, shares[:, k], k) for k in range(shares.shape[1])]
    total = add_trees(graph, rows, trees, len(estimator.classes_))
    shares = graph.node("Div", total, graph.constant([[len(members)]]), name=PROBABILITIES)
    graph.node("ArgMax", shares, axis=1, keepdims=0, name=LABELS)
    return {LABELS: None, PROBABILITIES: len(estimator.classes_)}


def _sklearn_tree(tree: Any, value: npt.NDArray[Any], target: int = 0) -> Tree:
    if tree.n_outputs != 1:
        raise CannotExportError("a tree that predicts several columns at once")
    leaf = tree.children_left == -1
    missing = getattr(tree, "missing_go_to_left", None)
    return Tree(
        np.where(leaf, 0, tree.feature),
        tree.threshold,
        tree.children_left,
        tree.children_right,
        np.zeros(len(leaf), dtype=bool) if missing is None else missing.astype(bool),
        leaf,
        value,
        target,
    )


def add_xgboost(graph: Graph, estimator: Any, rows: str) -> dict[str, int | None]:
    """XGBRegressor and XGBClassifier with trees; XGBoost computes in single precision, so does this part."""
    learner = json.loads(estimator.get_booster().save_raw("json"))["learner"]
    booster, objective = learner["gradient_booster"], learner["objective"]["name"]
    if booster["name"] != "gbtree" or getattr(estimator, "best_iteration", None) is not None:
        raise CannotExportError("XGBoost with another booster than gbtree, or with early stopping")
    classes = len(getattr(estimator, "classes_", ()))
    targets = classes if classes > 2 else 1
    starts = np.atleast_1d(json.loads(learner["learner_model_param"]["base_score"])).astype(float)
    if objective == "binary:logistic":
        starts = np.log(starts / (1 - starts))
    elif objective not in ("reg:squarederror", "reg:absoluteerror", "multi:softprob"):
        raise CannotExportError(f"XGBoost with the objective {objective}")
    # In single precision the order of a sum matters: XGBoost starts with the base score, then adds the trees.
    trees = [
        _constant(value, target) for target, value in enumerate(np.broadcast_to(starts, targets))
    ]
    for content, target in zip(
        booster["model"]["trees"], booster["model"]["tree_info"], strict=True
    ):
        if any(content["split_type"]):
            raise CannotExportError("XGBoost with categorical splits")
        left = np.array(content["left_children"], dtype=np.int64)
        conditions = np.array(content["split_conditions"], dtype=np.float32)
        trees.append(
            Tree(
                np.array(content["split_indices"], dtype=np.int64),
                conditions,
                left,
                np.array(content["right_children"], dtype=np.int64),
                np.array(content["default_left"], dtype=bool),
                left == -1,
                conditions,  # XGBoost keeps a leaf's value where a split keeps its condition
                target,
            )
        )
    single = graph.single_precision(rows)
    raw = graph.double(add_trees(graph, single, trees, targets, mode=BRANCH_LESS, dtype=np.float32))
    if classes:
        return add_classes(graph, raw, classes, probabilities=True)
    return add_values(graph, raw)


def _constant(value: float, target: int) -> Tree:
    """A tree of one leaf."""
    zero = np.zeros(1, dtype=np.int64)
    no = np.zeros(1, dtype=bool)
    return Tree(zero, np.zeros(1), zero, zero, no, ~no, np.array([value]), target)
