"""Measure a trained model on the held-out rows and write the evidence for its approval.

    python workflow/evaluate.py --model model/ --test out/test --profile out/model \\
        --config use_case.json --output evaluation/

Writes evaluation.json (SageMaker's model quality layout, the gate's numbers, the comparison with the
champion, groups of rows), report.html, predictions.csv, and baseline.json, which drift.py reads. It does not
judge: the state machine compares the gate's numbers with what is asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from ml import job
from ml.code_version import check_code_version
from ml.config.use_case import UseCase, load_use_case
from ml.data.frames import make_frame, write_frame
from ml.data.profile import load_profile, read_split
from ml.errors import JobError
from ml.evaluation.champion import Champion, compare
from ml.evaluation.evidence import gate_of, in_sagemaker_layout, measure, model_record, passes
from ml.evaluation.importance import importance, word_weights
from ml.evaluation.report import Evidence, render
from ml.evaluation.slices import slices
from ml.export.serving_check import check_serving
from ml.model.artifact import LoadedModel, load_model
from ml.model.scoring import Predictions, predict
from ml.monitoring.baseline import BASELINE_FILE, make_baseline

SAMPLE_ROWS = 200


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    base = Path("/opt/ml/processing")
    parser.add_argument(
        "--model",
        type=Path,
        default=base / "input/model",
        help="folder of model.tar.gz or its files",
    )
    parser.add_argument(
        "--test",
        type=Path,
        default=base / "input/test",
        help="folder of test.csv, or test.parquet",
    )
    parser.add_argument(
        "--profile", type=Path, default=base / "input/profile", help="folder of profile.json"
    )
    parser.add_argument(
        "--config", type=Path, default=base / "input/config", help="use_case.json or its folder"
    )
    parser.add_argument(
        "--output", type=Path, default=base / "output/evaluation", help="folder to write to"
    )
    parser.add_argument(
        "--threshold", type=float, default=None, help="of the gate; the use case's when not given"
    )
    parser.add_argument(
        "--champion",
        type=Path,
        default=base / "input/champion",
        help="folder of the model to compare with: model.tar.gz or its files; may be missing",
    )
    parser.add_argument(
        "--champion-package",
        default=os.environ.get("CHAMPION_PACKAGE", ""),
        help="ARN of the champion's version in the model registry",
    )
    parser.add_argument(
        "--champion-sha256",
        default=os.environ.get("CHAMPION_SHA256", ""),
        help="of the champion's model.tar.gz, as the model registry records it",
    )
    parser.add_argument(
        "--max-regression",
        type=float,
        default=None,
        help="how much worse than the champion the model may be; the use case's when not given",
    )
    job.add_message_option(parser)
    return parser.parse_args(arguments)


def main(args: argparse.Namespace) -> None:
    check_code_version(__file__)
    use_case = load_use_case(args.config)
    profile = load_profile(args.profile, use_case)
    model = load_model(args.model)
    check_belongs(model, use_case, profile)
    frame = read_split(args.test, "test", profile, use_case)
    print(f"use case {use_case.name}: {model.card['estimator']} on {len(frame)} held-out rows")

    serving = check_serving(args.model, model, frame, use_case)
    predictions = predict(model.pipeline, frame, use_case)
    threshold = use_case.metric.threshold if args.threshold is None else args.threshold
    allowed = use_case.champion.max_regression
    max_regression = allowed if args.max_regression is None else args.max_regression
    metrics = measure(predictions, use_case)
    champion = compare(
        Champion(args.champion, args.champion_package, args.champion_sha256),
        frame,
        use_case,
        predictions,
        model.card["lineage"],
    )
    gate = gate_of(metrics, use_case, threshold, len(frame), champion, max_regression)
    groups = slices(frame, predictions, use_case)
    evidence = Evidence(
        use_case,
        metrics,
        gate,
        model.card,
        predictions,
        importance(model.pipeline, frame, use_case),
        word_weights(model.pipeline, use_case),
        champion,
        groups,
        serving,
    )

    args.output.mkdir(parents=True, exist_ok=True)
    evaluation = {
        **in_sagemaker_layout(metrics, predictions),
        "gate": gate,
        "champion": champion,
        "slices": groups,
        "serving": serving,
        "model": model_record(model),
    }
    text = json.dumps(evaluation, indent=2, allow_nan=False) + "\n"
    (args.output / "evaluation.json").write_text(text, encoding="utf-8")
    (args.output / "report.html").write_text(render(evidence), encoding="utf-8")
    sha256 = evaluation["model"]["archive_sha256"]
    baseline = make_baseline(profile, use_case, predictions, metrics, sha256)
    text = json.dumps(baseline, indent=2, allow_nan=False) + "\n"
    (args.output / BASELINE_FILE).write_text(text, encoding="utf-8")
    write_frame(sample_of(frame, predictions, use_case), args.output / "predictions.csv")
    print_summary(metrics, gate, model.card["metrics"]["train"])
    print_champion(champion)
    print_worst(groups)
    print(f"served by {serving['runtime']}: {serving['reason']}")
    print(f"wrote evaluation.json, report.html, predictions.csv, {BASELINE_FILE} to {args.output}")


def check_belongs(model: LoadedModel, use_case: UseCase, profile: dict[str, Any]) -> None:
    """A model of another use case or data set may have seen the rows that are held out here."""
    lineage = model.card["lineage"]
    compared = [
        ("use case", lineage["use_case"], use_case.name),
        ("data set (sha256)", lineage["dataset"]["sha256"], profile["dataset"]["sha256"]),
        ("training rows (sha256)", lineage["split"]["train"], profile["split"]["train"]),
    ]
    for what, found, expected in compared:
        if found != expected:
            raise JobError(
                f"The model was trained on another {what}: found {found}, expected {expected}. "
                "Evaluate it with the output of the preprocess job it was trained on."
            )


def sample_of(frame: pd.DataFrame, predictions: Predictions, use_case: UseCase) -> pd.DataFrame:
    """The first held-out rows with their predictions, for a person to read."""
    rows = frame.head(SAMPLE_ROWS)
    arrays = {name: rows[name].to_numpy() for name in use_case.feature_names}
    arrays[f"actual {use_case.target}"] = predictions.labels(predictions.actual[:SAMPLE_ROWS])
    arrays[f"predicted {use_case.target}"] = predictions.labels(predictions.predicted[:SAMPLE_ROWS])
    return make_frame(arrays)


def print_summary(
    metrics: dict[str, dict[str, float]], gate: dict[str, Any], train: dict[str, float]
) -> None:
    print(f"{'metric':<20} {'held out':>12} {'+/-':>10} {'training':>12}")
    for name, entry in metrics.items():
        known = f"{train[name]:.6f}" if name in train else "none"
        print(
            f"{name:<20} {entry['value']:>12.6f} {entry['standard_deviation']:>10.6f} {known:>12}"
        )
    for name, entry in metrics.items():
        print(f"test:{name}={entry['value']:.6f};")
    sign = ">=" if gate["direction"] == "maximize" else "<="
    print(
        f"gate: {gate['metric']} {gate['value']:.6f} {sign} {gate['threshold']:g} on {gate['rows']} "
        f"rows: {'passed' if passes(gate) else 'NOT passed'}"
    )


def print_champion(champion: dict[str, Any]) -> None:
    if champion["status"] != "compared":
        print(f"champion: {champion['status']}: {champion['reason']}")
        return
    interval = champion["interval"]
    print(
        f"champion: {champion['metric']} {champion['value']:.6f}, the new model's "
        f"{champion['challenger']:.6f}: {champion['difference']:+.6f} "
        f"({interval['level']:.0%} from {interval['low']:+.6f} to {interval['high']:+.6f})"
    )


def print_worst(groups: dict[str, Any]) -> None:
    for group in groups["worst"]:
        print(
            f"worst group: {group['column']} {group['group']}: {groups['metric']} "
            f"{group['value']:.6f} on {group['rows']} rows, {groups['value']:.6f} on all"
        )


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(job.run(lambda: main(arguments), reason_file=arguments.message, exit_code=1))
