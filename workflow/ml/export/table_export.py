"""Write the lookup tables of ml.export.tables for a fitted Pipeline that ends in trees."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.export.trees import CannotExportError, Ensemble, Floats, Tree, is_passthrough, read_ensemble

MAXIMUM_LEAVES = 64  # of a tree: the bits of the widest whole number
MAXIMUM_BYTES = (
    16 * 1024 * 1024
)  # of the masks, in every worker; larger tables also leave the caches


@dataclass(frozen=True)
class _Prepared:
    """A feature as the trees see it: a column without missing values, or whether it has a category."""

    source: int
    fill: float | None = None
    code: int | None = None

    def of(self, values: Floats) -> Floats:
        if self.code is not None:
            return (values == self.code).astype(np.float64)
        return values if self.fill is None else np.where(np.isnan(values), self.fill, values)


def tables_of(pipeline: Any, names: list[str]) -> bytes | None:
    """The tables as a file; None where the estimator has no trees or the tables would be too large.

    Raises CannotExportError for a part of the preprocessing that is not translated.
    """
    ensemble = read_ensemble(pipeline[-1])
    if ensemble is None:
        return None
    leaves = max(int(tree.leaf.sum()) for tree in ensemble.trees)
    if leaves > MAXIMUM_LEAVES:
        return None
    dtype = np.dtype(f"u{max(1, 1 << (leaves - 1).bit_length() >> 3)}")
    features = _prepared(pipeline[:-1], list(range(len(names))), names)
    edges = [_edges(ensemble, features, column) for column in range(len(names))]
    intervals = sum(len(one) + 1 for one in edges)
    if intervals * len(ensemble.trees) * dtype.itemsize > MAXIMUM_BYTES:
        return None
    masks, values = _masks(ensemble, features, edges, dtype, leaves)
    stream = io.BytesIO()
    np.savez_compressed(
        stream, edges=np.concatenate(edges), edge_counts=[len(one) for one in edges], masks=masks,
        leaves=values, targets=ensemble.targets, divisor=ensemble.divisor, slope=ensemble.slope,
        link=ensemble.link, zero_is_first=ensemble.zero_is_first,
    )  # fmt: skip
    return stream.getvalue()


def _prepared(transformer: Any, columns: list[int], names: list[str]) -> list[_Prepared]:
    """The features that a fitted transformer derives from the columns."""
    features = [_Prepared(column) for column in columns]
    kind = type(transformer).__name__
    if is_passthrough(transformer):
        return features
    if kind == "Pipeline":
        steps = [step for _, step in transformer.steps if not is_passthrough(step)]
        if len(steps) > 1:
            raise CannotExportError("tables of several transformers one after another")
        return _prepared(steps[0], columns, names) if steps else features
    if kind == "ColumnTransformer":
        return [
            feature
            for _, part, chosen in transformer.transformers_
            if not (isinstance(part, str) and part == "drop") and len(chosen) > 0
            for feature in _prepared(part, _positions(chosen, names), names)
        ]
    if kind == "SimpleImputer":
        fills = transformer.statistics_.tolist()
        return [_Prepared(column, fill=fill) for column, fill in zip(columns, fills, strict=True)]
    if kind == "OneHotEncoder":
        return [
            _Prepared(column, code=code)
            for column, categories in zip(columns, transformer.categories_, strict=True)
            for code in range(len(categories))
        ]
    raise CannotExportError(f"tables behind the transformer {kind}")


def _positions(chosen: Any, names: list[str]) -> list[int]:
    return [names.index(name) if isinstance(name, str) else int(name) for name in chosen]


def _edges(ensemble: Ensemble, features: list[_Prepared], column: int) -> Floats:
    """The upper ends of a column's intervals: within one, every tree goes the same way."""
    edges = {np.inf}
    for number, feature in enumerate(features):
        if feature.source != column:
            continue
        if feature.code is not None:
            edges.add(float(feature.code))
            continue
        for tree in ensemble.trees:
            edges.update(tree.threshold[~tree.leaf & (tree.feature == number)].tolist())
    return np.array(sorted(edges))


def _masks(
    ensemble: Ensemble, features: list[_Prepared], edges: list[Floats], dtype: Any, leaves: int
) -> tuple[npt.NDArray[Any], Floats]:
    """(intervals, trees) bits of the leaves that stay open, and (trees, leaves) values."""
    every = np.iinfo(dtype).max
    masks = [np.full((len(one) + 1, len(ensemble.trees)), every, dtype=dtype) for one in edges]
    # Any value of an interval stands for all of them: its upper end does.
    prepared = [feature.of(np.append(edges[feature.source], np.nan)) for feature in features]
    values = np.zeros((len(ensemble.trees), leaves))
    for number, tree in enumerate(ensemble.trees):
        order: list[int] = []
        for node, below_left in _walk(tree, order):
            feature = tree.feature[node]
            found = prepared[feature]
            right = found > tree.threshold[node]
            if not tree.missing_left[node]:
                right |= np.isnan(found)
            masks[features[feature].source][right, number] &= dtype.type(every ^ below_left)
        values[number, : len(order)] = tree.value[order]
    return np.concatenate(masks), values


def _walk(tree: Tree, order: list[int], node: int = 0) -> Iterator[tuple[int, int]]:
    """Every inner node with the bits of the leaves to its left; `order` gets the leaves, left to right."""
    if tree.leaf[node]:
        order.append(node)
        return
    first = len(order)
    yield from _walk(tree, order, int(tree.left[node]))
    yield node, (1 << len(order)) - (1 << first)
    yield from _walk(tree, order, int(tree.right[node]))
