"""report.html: what a person looks at before approving a model, in one file without any outside reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from ml import charts
from ml.features import target_values
from ml.metrics import class_metrics
from ml.scoring import Predictions
from ml.threads import limited_threads
from ml.use_case import UseCase

PLOTTED_ROWS = 2_000
IMPORTANCE_ROWS = 1_000
SHOWN_FEATURES = 20

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#0f172a;max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:.2rem} h2{margin-top:2rem;border-bottom:1px solid #e2e8f0}
table{border-collapse:collapse} td,th{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.verdict{padding:.6rem 1rem;border-radius:.4rem;color:#fff;font-weight:600}
.passed{background:#15803d}.failed{background:#b91c1c}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:1.5rem}
figure{margin:0} figcaption{color:#475569} svg{width:100%;height:auto}
code,pre{font-size:13px;overflow-wrap:anywhere;white-space:pre-wrap}
"""


@dataclass(frozen=True)
class Importance:
    names: list[str]
    values: list[float]
    deviations: list[float]


def importance(pipeline: Any, frame: pd.DataFrame, use_case: UseCase) -> Importance:
    """How much worse the model gets when one feature is shuffled: of any estimator, on held-out rows."""
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


def render(
    use_case: UseCase,
    metrics: dict[str, dict[str, float]],
    gate: dict[str, Any],
    card: dict[str, Any],
    predictions: Predictions,
    importances: Importance,
) -> str:
    passed = passes(gate)
    sign = "at least" if gate["direction"] == "maximize" else "at most"
    verdict = (
        f"{gate['metric']} = {gate['value']:.4f} on {gate['rows']} held-out rows; "
        f"the gate asks for {sign} {gate['threshold']:g}: {'passed' if passed else 'not passed'}"
    )
    lineage = card["lineage"]
    facts = [
        ("Estimator", card["estimator"]),
        (
            "Rows",
            f"{lineage['dataset']['rows']} read, {lineage['split']['train']['rows']} to train, "
            f"{lineage['split']['test']['rows']} held out",
        ),
        ("Data set sha256", lineage["dataset"]["sha256"]),
        ("Model sha256", card["model_file"]["sha256"]),
        ("Code version", lineage["code_version"]),
        ("Training job", lineage["training_job"]),
        ("Seeds", f"{lineage['seed']} (model), {lineage['split']['seed']} (split)"),
        (
            "Libraries",
            ", ".join(f"{name} {version}" for name, version in lineage["libraries"].items()),
        ),
    ]
    body = [
        f"<h1>{escape(use_case.name)}</h1><p>{escape(use_case.description)}</p>",
        f'<p class="verdict {"passed" if passed else "failed"}">{escape(verdict)}</p>',
        "<h2>Metrics</h2>",
        _metric_table(metrics, card["metrics"]["train"]),
        '<h2>Charts</h2><div class="charts">',
        *(_figure(svg, caption) for svg, caption in _plots(use_case, predictions, importances)),
        "</div>",
        *_class_section(predictions),
        "<h2>Where the model comes from</h2>",
        _table(("", ""), facts),
        "<h2>Hyperparameters</h2>",
        f"<pre>{escape(json.dumps(card['hyperparameters'], indent=2))}</pre>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(use_case.name)}: evaluation</title><style>{STYLE}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def passes(gate: dict[str, Any]) -> bool:
    if gate["direction"] == "maximize":
        return bool(gate["value"] >= gate["threshold"])
    return bool(gate["value"] <= gate["threshold"])


def _plots(
    use_case: UseCase, predictions: Predictions, importances: Importance
) -> Iterable[tuple[str, str]]:
    shown = SHOWN_FEATURES
    importance_chart = (
        charts.bars(
            importances.names[:shown],
            importances.values[:shown],
            importances.deviations[:shown],
            "loss of score when the feature is shuffled",
        ),
        "Which features the model relies on (permutation importance, held-out rows).",
    )
    if predictions.classes:
        yield (
            charts.confusion(predictions.confusion(), predictions.classes),
            "Confusion matrix: a row is an actual label, a column a predicted one.",
        )
        if predictions.probabilities is not None:
            confidence = predictions.probabilities.max(axis=1)
            right = predictions.actual == predictions.predicted
            yield (
                charts.calibration(confidence, right),
                "Is the model right as often as it is sure?",
            )
        yield importance_chart
        return
    sample = np.random.default_rng(use_case.model.seed).permutation(len(predictions.actual))
    sample = sample[:PLOTTED_ROWS]
    actual, predicted = predictions.actual[sample], predictions.predicted[sample]
    name = use_case.target
    yield (
        charts.predicted_against_actual(actual, predicted, name),
        f"Each point is a held-out row ({len(sample)} shown); on the line the prediction is right.",
    )
    yield (
        charts.residuals(predicted, actual - predicted, name),
        "Residuals: a shape in this cloud is something the model has not learned.",
    )
    yield (
        charts.histogram(predictions.actual - predictions.predicted, "actual - predicted"),
        "Distribution of the residuals over all held-out rows.",
    )
    yield importance_chart


def _metric_table(metrics: dict[str, dict[str, float]], train: dict[str, float]) -> str:
    rows = [
        (name, f"{entry['value']:.6g}", f"{entry['standard_deviation']:.2g}", f"{train[name]:.6g}")
        for name, entry in metrics.items()
    ]
    return _table(("metric", "held-out rows", "± (bootstrap)", "training rows"), rows, numbers=True)


def _class_section(predictions: Predictions) -> list[str]:
    if not predictions.classes:
        return []
    rows = [
        (entry["class"], str(entry["rows"]), f"{entry['precision']:.3f}", f"{entry['recall']:.3f}")
        for entry in class_metrics(predictions.confusion(), predictions.classes)
    ]
    return ["<h2>Labels</h2>", _table(("label", "rows", "precision", "recall"), rows, numbers=True)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = False) -> str:
    def cells(values: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if numbers and position else ''}>{escape(str(value))}</{tag}>"
            for position, value in enumerate(values)
        )

    top = f"<tr>{cells(head, 'th')}</tr>" if any(head) else ""
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f"<table>{top}{body}</table>"


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
