"""report.html: what a person looks at before approving a model, in one file without external references."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any

from ml.config.metric_names import METRICS
from ml.config.use_case import UseCase
from ml.evaluation.evidence import Metrics
from ml.evaluation.importance import Importance
from ml.evaluation.report_html import STYLE, figure, table
from ml.evaluation.report_plots import plots
from ml.evaluation.report_summary import chance, deviation_of, quality, summary
from ml.evaluation.rounding import certain, number
from ml.model.metrics import class_metrics
from ml.model.scoring import Predictions


@dataclass(frozen=True)
class Evidence:
    """Everything the report shows."""

    use_case: UseCase
    metrics: Metrics
    gate: dict[str, Any]
    card: dict[str, Any]
    predictions: Predictions
    importance: Importance
    words: Importance | None
    champion: dict[str, Any]
    slices: dict[str, Any]
    serving: dict[str, Any]


def render(evidence: Evidence) -> str:
    use_case = evidence.use_case
    drawn = plots(use_case, evidence.predictions, evidence.importance, evidence.words)
    body = [
        f"<h1>{escape(use_case.name)}</h1><p>{escape(use_case.description)}</p>",
        *summary(evidence.gate, evidence.champion, evidence.slices),
        "<h2>Metrics</h2>",
        *_metrics(evidence),
        "<h2>The model in production</h2>",
        *_champion(evidence.champion, evidence.gate),
        '<h2>Charts</h2><div class="charts">',
        *(figure(svg, caption) for svg, caption in drawn),
        "</div>",
        *_labels(evidence.predictions),
        "<h2>Groups of rows</h2>",
        *_slices(evidence.slices),
        *_trials(evidence.card),
        "<h2>Where the model comes from</h2>",
        _lineage(evidence.card, evidence.serving),
        "<h2>Hyperparameters</h2>",
        f"<pre>{escape(json.dumps(evidence.card['hyperparameters'], indent=2))}</pre>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(use_case.name)}: evaluation</title><style>{STYLE}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _metrics(evidence: Evidence) -> list[str]:
    train = evidence.card["metrics"]["train"]
    compared = evidence.champion.get("metrics", {})
    head = ["metric", "held-out rows", "± (bootstrap)", _measured(evidence.card)]
    if compared:
        head.append("in production, held-out rows")
    rows = []
    for name, entry in evidence.metrics.items():
        known = METRICS.get(name)
        arrow = "↓" if known and known.direction == "minimize" else "↑"
        deviation = entry["standard_deviation"]
        row = [f"{name} {arrow}", certain(entry["value"], deviation), number(deviation, 2)]
        # A model of an older code version may not know a metric that was added since.
        row.append(certain(train[name], deviation) if name in train else "")
        if compared:
            row.append(certain(compared[name], deviation))
        rows.append(row)
    target = evidence.use_case.target_column
    unit = f" mae and rmse are in the unit of {target.name}" if target.is_number else ""
    if unit:
        unit += f" ({target.description})." if target.description else "."
    return [
        table(head, rows, numbers=True),
        f"<p>↑ higher is better, ↓ lower is better.{escape(unit)}</p>",
    ]


def _measured(card: dict[str, Any]) -> str:
    """Only a sample of millions of training rows is predicted."""
    measured = card["metrics"].get("train_rows", 0)
    every = measured in (0, card["lineage"]["split"]["train"]["rows"])
    return "training rows" if every else f"{measured:,} training rows"


def _champion(champion: dict[str, Any], gate: dict[str, Any]) -> list[str]:
    version = champion["model_package"] or "given by hand"
    if champion["status"] == "none":
        return [f"<p>None to compare with: {escape(champion['reason'])}.</p>"]
    if champion["status"] == "not compared":
        return [
            f'<p class="note">{escape(version)} was <b>not compared</b>: '
            f"{escape(champion['reason'].rstrip('.'))}.</p>"
        ]
    interval, deviation = champion["interval"], deviation_of(champion)
    difference = certain(champion["difference"], deviation, "+")
    low, high = (certain(interval[end], deviation, "+") for end in ("low", "high"))
    rows = [
        ("Version", version),
        (
            f"Its {champion['metric']} on the same {champion['rows']:,} rows",
            certain(champion["value"], deviation),
        ),
        ("The new model's", certain(champion["challenger"], deviation)),
        (
            "Difference",
            f"{difference}: the new model is {quality(champion['regression'])}"
            if champion["difference"]
            else "none",
        ),
        (
            f"{interval['level']:.0%} interval",
            f"{low} to {high} (paired bootstrap, {interval['resamples']:,} draws): {chance(champion)}",
        ),
        (
            "Trained on",
            "the same rows as the new model"
            if champion["same_training_rows"]
            else f"other data (sha256 {champion['dataset_sha256']}): it may have seen some of these "
            "rows, which would flatter it",
        ),
        ("Training job, code version", f"{champion['training_job']}, {champion['code_version']}"),
    ]
    if gate["max_regression"] is None:
        rows.append(("The gate", "asks for nothing here (champion.max_regression in the use case)"))
    return [table(("", ""), rows)]


def _labels(predictions: Predictions) -> list[str]:
    if not predictions.classes:
        return []
    entries = class_metrics(predictions.confusion(), predictions.classes)
    rows = [
        (
            entry["class"],
            f"{entry['rows']:,}",
            _share(entry["precision"], "none predicted"),
            _share(entry["recall"], "no rows"),
        )
        for entry in entries
    ]
    most = max(entries, key=lambda entry: entry["rows"])
    constant = most["rows"] / len(predictions.actual)
    return [
        "<h2>Labels</h2>",
        table(("label", "rows", "precision", "recall"), rows, numbers=True),
        f"<p>Always answering {escape(most['class'])} would be right in {constant:.1%} of the rows.</p>",
    ]


def _share(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.3f}"


def _slices(slices: dict[str, Any]) -> list[str]:
    name = slices["metric"]
    worst = slices["worst"]
    parts = [
        f"<p>{escape(name)} is {number(slices['value'])} on all held-out rows. Groups of fewer than "
        f"{slices['minimum_rows']} rows are not ranked.</p>"
    ]
    if worst:
        rows = [
            (
                f"{group['column']}: {group['group']}",
                f"{group['rows']:,}",
                certain(group["value"], group["standard_deviation"]),
                number(group["standard_deviation"], 2),
                certain(group["worse_by"], group["standard_deviation"]),
            )
            for group in worst
        ]
        head = ("worst groups", "rows", name, "± (bootstrap)", "worse than all rows by")
        parts.append(table(head, rows, numbers=True))
        parts.append(
            f"<p>Of {len(slices['groups'])} groups some are worse by chance: compare the last two "
            "columns.</p>"
        )
    else:
        ranked = any(group["ranked"] for group in slices["groups"])
        what = "worse than all rows together" if ranked else f"of {slices['minimum_rows']} rows"
        parts.append(f"<p>There is no group {what}.</p>")
    rows_of_all = [
        (
            f"{group['column']}: {group['group']}",
            f"{group['rows']:,}",
            number(group["value"]),
            "" if group["ranked"] else "few rows",
        )
        for group in slices["groups"]
    ]
    every = table(("group", "rows", name, ""), rows_of_all, numbers=True)
    return [*parts, f"<details><summary>All {len(rows_of_all)} groups</summary>{every}</details>"]


def _trials(card: dict[str, Any]) -> list[str]:
    search = card.get("search")
    if not search:
        return _cross_validation(card.get("cross_validation"))
    metric, best = search.get("metric", "score"), search.get("best")
    names = list(dict.fromkeys(key for t in search["trials"] for key in t["hyperparameters"]))
    rows = [
        (
            f"{trial['number']}{' (chosen)' if trial['number'] == best else ''}",
            *(str(trial["hyperparameters"].get(name, "")) for name in names),
            trial.get("refused") or certain(trial["value"], trial.get("standard_deviation")),
            number(trial.get("standard_deviation"), 2),
        )
        for trial in search["trials"]
    ]
    folds = search.get("folds")
    return [
        "<h2>Trials</h2>",
        f"<p>{len(rows)} settings, each measured by cross-validation"
        f"{f' in {folds} parts' if folds else ''} of the training rows.</p>",
        table(("trial", *names, f"{metric} (mean)", "± (between parts)"), rows, numbers=True),
    ]


def _cross_validation(found: dict[str, Any] | None) -> list[str]:
    if not found:
        return []
    deviation = found["standard_deviation"]
    scores = ", ".join(certain(score, deviation) for score in found["scores"])
    return [
        "<h2>Cross-validation</h2>",
        f"<p>{escape(found['metric'])} {certain(found['value'], deviation)} ± {number(deviation, 2)} "
        f"in {found['folds']} parts of the training rows: {scores}.</p>",
    ]


def _lineage(card: dict[str, Any], serving: dict[str, Any]) -> str:
    lineage = card["lineage"]
    split = lineage["split"]
    facts = [
        ("Estimator", card["estimator"]),
        (
            "Rows",
            f"{lineage['dataset']['rows']:,} read, {split['train']['rows']:,} to train, "
            f"{split['test']['rows']:,} held out",
        ),
        ("Data set sha256", lineage["dataset"]["sha256"]),
        ("Use case sha256", lineage["use_case_sha256"]),
        ("Model sha256", f"{card['model_file']['sha256']} ({card['model_file']['name']})"),
        ("Served by", f"{serving['runtime']}: {serving['reason']}"),
        ("Git commit", lineage.get("git_commit") or "not recorded"),
        ("Code version", lineage["code_version"]),
        ("Image", lineage.get("image") or "not recorded"),
        ("Training job", lineage["training_job"]),
        ("Seeds", f"{lineage['seed']} (model), {split['seed']} (split)"),
        ("Libraries", ", ".join(f"{name} {found}" for name, found in lineage["libraries"].items())),
    ]
    return table(("", ""), facts)
