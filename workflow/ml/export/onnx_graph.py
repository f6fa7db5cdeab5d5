"""A fitted Pipeline as an ONNX graph in double precision: the preparation of the features and linear models.

Written here because the usual converter, skl2onnx, answers in single precision where there are trees and
refuses a Pipeline whose preprocessing is "passthrough". The graph takes one tensor: a row of numbers in
the order of the use case, where an empty number is NaN and a category is its position in the encoder's list.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.export.trees import CannotExportError, is_passthrough

INPUT, VALUES, LABELS, PROBABILITIES = "rows", "values", "labels", "probabilities"
OPSET, TREE_OPSET, FORMAT = 21, 5, 10  # all that onnxruntime >= 1.20 reads

Outputs = dict[
    str, int | None
]  # columns of each tensor that the graph ends in; None: one value a row


class Graph:
    """The nodes written so far. Every method returns the name of the tensor that it adds."""

    def __init__(self, features: int) -> None:
        from onnx import TensorProto, helper, numpy_helper

        self._types, self._helper, self._numpy_helper = TensorProto, helper, numpy_helper
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._features = features

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        output = name or f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, values: npt.ArrayLike, dtype: Any = np.float64) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(self._numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def tensor(self, values: npt.NDArray[Any]) -> Any:
        """A tensor for a node's attribute."""
        return self._numpy_helper.from_array(values, "")

    def double(self, tensor: str) -> str:
        return self.node("Cast", tensor, to=self._types.DOUBLE)

    def whole(self, tensor: str) -> str:
        return self.node("Cast", tensor, to=self._types.INT64)

    def single_precision(self, tensor: str) -> str:
        """Rounded to float32, which scikit-learn's trees and XGBoost do to every row."""
        return self.node("Cast", tensor, to=self._types.FLOAT)

    def model(self, outputs: Outputs) -> bytes:
        """The graph as a file."""
        from onnx import checker

        def described(name: str, columns: int | None) -> Any:
            kind = self._types.INT64 if name == LABELS else self._types.DOUBLE
            shape = [None] if columns is None else [None, columns]
            return self._helper.make_tensor_value_info(name, kind, shape)

        graph = self._helper.make_graph(
            self._nodes,
            "pipeline",
            [described(INPUT, self._features)],
            [described(name, columns) for name, columns in outputs.items()],
            self._constants,
        )
        opsets = [
            self._helper.make_opsetid("", OPSET),
            self._helper.make_opsetid("ai.onnx.ml", TREE_OPSET),
        ]
        model = self._helper.make_model(graph, opset_imports=opsets, ir_version=FORMAT)
        checker.check_model(model)
        return bytes(model.SerializeToString())


def add_preprocessing(graph: Graph, transformer: Any, tensor: str, names: list[str]) -> str:
    """Translate a fitted transformer (or a Pipeline of them) of the columns `names`."""
    if is_passthrough(transformer):
        return tensor
    kind = type(transformer).__name__
    if kind == "Pipeline":
        for _, step in transformer.steps:
            tensor = add_preprocessing(graph, step, tensor, names)
        return tensor
    if kind == "ColumnTransformer":
        return _add_columns(graph, transformer, tensor, names)
    if kind == "SimpleImputer":
        if transformer.add_indicator or not _is_nan(transformer.missing_values):
            raise CannotExportError("SimpleImputer with an indicator, or for other values than NaN")
        if len(transformer.statistics_) != len(names) or np.isnan(transformer.statistics_).any():
            raise CannotExportError("SimpleImputer that drops an empty column")
        missing = graph.node("IsNaN", tensor)
        return graph.node("Where", missing, graph.constant([transformer.statistics_]), tensor)
    if kind == "StandardScaler":
        if transformer.mean_ is not None and transformer.with_mean:
            tensor = graph.node("Sub", tensor, graph.constant([transformer.mean_]))
        if transformer.scale_ is not None:
            tensor = graph.node("Div", tensor, graph.constant([transformer.scale_]))
        return tensor
    if kind == "OneHotEncoder":
        return _add_one_hot(graph, transformer, tensor)
    raise CannotExportError(f"the transformer {kind} is not translated")


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and np.isnan(value)


def _add_columns(graph: Graph, transformer: Any, tensor: str, names: list[str]) -> str:
    parts = []
    for _, part, columns in transformer.transformers_:
        if (isinstance(part, str) and part == "drop") or len(columns) == 0:
            continue
        chosen = [names.index(name) if isinstance(name, str) else int(name) for name in columns]
        source = tensor
        if chosen != list(range(len(names))):
            source = graph.node("Gather", tensor, graph.constant(chosen, np.int64), axis=1)
        parts.append(add_preprocessing(graph, part, source, [names[index] for index in chosen]))
    return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)


def _add_one_hot(graph: Graph, encoder: Any, tensor: str) -> str:
    if encoder.drop is not None or encoder.min_frequency or encoder.max_categories:
        raise CannotExportError("OneHotEncoder that drops or groups categories")
    parts = []
    for column, categories in enumerate(encoder.categories_):
        codes = graph.node("Gather", tensor, graph.constant([column], np.int64), axis=1)
        known = graph.constant([np.arange(len(categories))])
        parts.append(graph.double(graph.node("Equal", codes, known)))
    return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)


def categories_of(transformer: Any, names: list[str]) -> dict[str, list[str]]:
    """The texts behind the codes, by column; the server looks a cell's code up in it."""
    kind = type(transformer).__name__
    if kind == "OneHotEncoder":
        lists = [[str(value) for value in values] for values in transformer.categories_]
        return dict(zip(names, lists, strict=True))
    found: dict[str, list[str]] = {}
    if kind == "Pipeline":
        for _, step in transformer.steps:
            found |= categories_of(step, names)
    elif kind == "ColumnTransformer":
        for _, part, columns in transformer.transformers_:
            found |= categories_of(part, [str(name) for name in columns])
    return found


def add_linear(graph: Graph, estimator: Any, tensor: str) -> Outputs:
    """LinearRegression, Ridge, Lasso, ElasticNet, LogisticRegression, RidgeClassifier, LinearSVC."""
    weights = np.atleast_2d(estimator.coef_)
    scores = graph.node("MatMul", tensor, graph.constant(weights.T))
    scores = graph.node("Add", scores, graph.constant(np.reshape(estimator.intercept_, (1, -1))))
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return add_values(graph, scores)
    has_probabilities = hasattr(estimator, "predict_proba")
    return add_classes(graph, scores, len(classes), probabilities=has_probabilities)


def add_values(graph: Graph, tensor: str) -> Outputs:
    graph.node("Reshape", tensor, graph.constant([-1], np.int64), name=VALUES)
    return {VALUES: None}


def add_classes(
    graph: Graph,
    scores: str,
    classes: int,
    *,
    probabilities: bool = True,
    slope: float = 1.0,
    zero_is_first: bool = True,
) -> Outputs:
    """Labels and probabilities from scores: log-odds of two classes, otherwise a column per class."""
    if classes == 2:
        above = graph.node(
            "Greater" if zero_is_first else "GreaterOrEqual", scores, graph.constant([[0.0]])
        )
        graph.node("Reshape", graph.whole(above), graph.constant([-1], np.int64), name=LABELS)
        if not probabilities:
            return {LABELS: None}
        odds = graph.node("Mul", scores, graph.constant([[slope]])) if slope != 1.0 else scores
        second = graph.node("Sigmoid", odds)
        first = graph.node("Sub", graph.constant([[1.0]]), second)
        graph.node("Concat", first, second, axis=1, name=PROBABILITIES)
    else:
        graph.node("ArgMax", scores, axis=1, keepdims=0, name=LABELS)
        if not probabilities:
            return {LABELS: None}
        graph.node("Softmax", scores, axis=1, name=PROBABILITIES)
    return {LABELS: None, PROBABILITIES: classes}


def add_shares(graph: Graph, shares: str, classes: int) -> Outputs:
    """Labels from probabilities."""
    graph.node("ArgMax", shares, axis=1, keepdims=0, name=LABELS)
    graph.node("Identity", shares, name=PROBABILITIES)
    return {LABELS: None, PROBABILITIES: classes}
