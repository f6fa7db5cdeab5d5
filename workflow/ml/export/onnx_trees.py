"""An ensemble of trees as one ONNX node in double precision (TreeEnsemble of ai.onnx.ml, version 5).

The older TreeEnsembleRegressor answers in single precision.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.export.onnx_graph import Graph, Outputs, add_classes, add_shares, add_values
from ml.export.trees import CannotExportError, Ensemble, Tree

BRANCH_LESS_OR_EQUAL, BRANCH_LESS = 0, 1
SUM = 1  # aggregate_function


def add_ensemble(graph: Graph, ensemble: Ensemble, rows: str) -> Outputs:
    """The nodes from prepared rows to predictions."""
    scores = _add_trees(graph, rows, ensemble.trees, ensemble.targets)
    if ensemble.divisor != 1:
        scores = graph.node("Div", scores, graph.constant([[ensemble.divisor]]))
    if ensemble.link == "shares":
        return add_shares(graph, scores, ensemble.targets)
    if ensemble.link in ("sigmoid", "softmax"):
        classes = 2 if ensemble.link == "sigmoid" else ensemble.targets
        return add_classes(
            graph, scores, classes, slope=ensemble.slope, zero_is_first=ensemble.zero_is_first
        )
    return add_values(graph, graph.node("Exp", scores) if ensemble.link == "exp" else scores)


def _add_trees(
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
            "feature", "split", "missing", "to", "to_leaf", "else", "else_leaf", "value", "target",
        )
    }  # fmt: skip
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
        to = (place[left], tree.leaf[left], place[right], tree.leaf[right])
        target = np.full(len(leaf), tree.target)
        parts = (feature, split, missing, *to, tree.value[leaf], target)
        for name, part in zip(columns, parts, strict=True):
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


def add_xgboost(graph: Graph, estimator: Any, rows: str) -> Outputs:
    """XGBRegressor and XGBClassifier with trees; XGBoost computes in single precision, so does this."""
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
    # In single precision the order of a sum matters: XGBoost begins with the base score.
    trees = [
        _constant(value, target) for target, value in enumerate(np.broadcast_to(starts, targets))
    ]
    model = booster["model"]
    for content, target in zip(model["trees"], model["tree_info"], strict=True):
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
    sums = _add_trees(graph, single, trees, targets, mode=BRANCH_LESS, dtype=np.float32)
    scores = graph.double(sums)
    if classes:
        return add_classes(graph, scores, classes)
    return add_values(graph, scores)


def _constant(value: float, target: int) -> Tree:
    """A tree of one leaf."""
    zero = np.zeros(1, dtype=np.int64)
    no = np.zeros(1, dtype=bool)
    return Tree(zero, np.zeros(1), zero, zero, no, ~no, np.array([value]), target)
