"""Train the model of a use case.

    python workflow/train.py --train out/train --profile out/model --config use_case.json --model-dir model/

Hyperparameters come from the use case; those of the training job (SM_HPS, or
/opt/ml/input/config/hyperparameters.json) override them, and so does `--max_iter 200` when run by hand.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

from ml import job
from ml.code_version import check_code_version
from ml.config.use_case import load_use_case
from ml.data.profile import load_profile, read_split
from ml.errors import JobError
from ml.export.onnx_export import export_model
from ml.model.artifact import save_model
from ml.model.cross_validation import report_folds
from ml.model.features import fit, forget_process_of, make_pipeline, pipeline_settings
from ml.model.lineage import make_lineage
from ml.model.scoring import predict
from ml.model.search import check_space, print_result, run_search, search_record

# Training rows to measure the model on: compared with the held-out metrics they show overfitting.
# Predicting millions of them takes as long as the training and shows nothing more.
MEASURED_ROWS = 100_000


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    environment = os.environ.get
    base = Path("/opt/ml")
    channels = base / "input/data"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "--train",
        type=Path,
        default=environment("SM_CHANNEL_TRAIN", channels / "train"),
        help="folder of the train split that preprocess wrote",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=environment("SM_CHANNEL_CONFIG", channels / "config"),
        help="use_case.json or its folder",
    )
    parser.add_argument(
        "--profile",
        type=Path,
        default=environment("SM_CHANNEL_PROFILE", channels / "profile"),
        help="folder of the profile.json that preprocess wrote",
    )
    parser.add_argument(
        "--model-dir",
        type=Path,
        default=environment("SM_MODEL_DIR", base / "model"),
        help="folder to write the model to",
    )
    parser.add_argument(
        "--hyperparameters",
        type=Path,
        default=base / "input/config/hyperparameters.json",
        help="JSON object; read when there is no SM_HPS",
    )
    parser.add_argument(
        "--failure",
        type=Path,
        default=base / "output/failure",
        help="file for the reason of a failure; SageMaker shows it as FailureReason",
    )
    args, rest = parser.parse_known_args(arguments)
    args.rest = rest  # hyperparameters
    return args


def read_overrides(rest: list[str], sm_hps: str | None, file: Path) -> dict[str, Any]:
    """The hyperparameters of this job, without the settings SageMaker puts among them."""
    overrides: dict[str, Any] = {}
    if sm_hps is not None:
        # Script mode repeats the hyperparameters on the command line in Python's spelling: SM_HPS has
        # them as JSON, so the repetition in `rest` is not read.
        overrides = read_object(sm_hps, "SM_HPS")
    else:
        if file.is_file():
            overrides = read_object(file.read_text(encoding="utf-8"), str(file))
        for flag, value in zip(rest[::2], [*rest[1::2], None], strict=False):
            name = flag.lstrip("-").replace("-", "_")
            if not flag.startswith("-") or not name or value is None:
                raise JobError(
                    f"Found {flag!r}, expected a hyperparameter with its value: --name value."
                )
            overrides[name] = value
    # sagemaker_program and the like, and _tuning_objective_metric of a tuning job.
    return {
        name: value for name, value in overrides.items() if not name.startswith(("sagemaker_", "_"))
    }


def read_object(text: str, source: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise JobError(f"{source} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise JobError(f"{source} holds {text[:40]!r}, expected a JSON object of hyperparameters.")
    return found


def main(args: argparse.Namespace) -> None:
    check_code_version(__file__)
    use_case = load_use_case(args.config)
    overrides = read_overrides(args.rest, os.environ.get("SM_HPS"), args.hyperparameters)
    hyperparameters = {**use_case.model.hyperparameters, **overrides}
    pipeline = make_pipeline(use_case, hyperparameters)
    if use_case.search:
        check_space(use_case, use_case.search, hyperparameters)
    print(f"use case {use_case.name}: {use_case.model.estimator}")
    print(f"hyperparameters set: {json.dumps(hyperparameters) or 'none'}")

    profile = load_profile(args.profile, use_case)
    frame = read_split(args.train, "train", profile, use_case)
    print(f"{len(frame)} rows, features {', '.join(use_case.feature_names)}")

    tried: dict[str, Any] = {}
    if use_case.search:
        result = run_search(use_case, hyperparameters, frame)
        print_result(result, use_case)
        tried["search"] = search_record(result, use_case)
        pipeline = make_pipeline(use_case, {**hyperparameters, **result.best.hyperparameters})
    elif use_case.cross_validation:
        tried["cross_validation"] = report_folds(pipeline, frame, use_case)
    settings = pipeline_settings(pipeline)

    started = time.monotonic()
    fit(pipeline, frame, use_case)
    print(f"trained in {time.monotonic() - started:.1f} s")

    measured = frame
    if len(frame) > MEASURED_ROWS:
        measured = frame.sample(MEASURED_ROWS, random_state=use_case.model.seed)
        print(f"measured on {MEASURED_ROWS} of the training rows")
    found = predict(pipeline, measured, use_case).values()
    # Training rows that all have the same target have no R2; JSON has no such number.
    metrics = {name: value for name, value in found.items() if math.isfinite(value)}
    for name, value in metrics.items():
        print(f"train:{name}={value:.6f};")

    workflow = Path(__file__).resolve().parent
    card: dict[str, Any] = {
        "estimator": use_case.model.estimator,
        "hyperparameters": settings,
        "metrics": {"train": metrics, "train_rows": len(measured)},
        **tried,
        "lineage": make_lineage(use_case, profile, settings, workflow),
        "serving": export_model(args.model_dir, pipeline, frame, use_case),
    }
    print(f"served by {card['serving']['runtime']}: {card['serving']['reason']}")
    forget_process_of(pipeline)
    saved = save_model(args.model_dir, pipeline, card, use_case, workflow)
    file = saved["model_file"]
    print(f"wrote {args.model_dir / file['name']}: {file['size']} bytes, sha256 {file['sha256']}")


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(job.run(lambda: main(arguments), reason_file=arguments.failure, exit_code=255))
