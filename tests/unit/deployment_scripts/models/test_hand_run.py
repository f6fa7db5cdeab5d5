"""A training by hand reads and writes what a run of the pipeline does."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from landing_zone.core.settings import ROOT
from landing_zone.models.hand_run import HandRun

EVALUATION = {
    "gate": {"metric": "accuracy", "value": 0.97, "threshold": 0.9},
    "model": {"archive_sha256": "a" * 64, "card_sha256": "b" * 64},
}


def hand_run() -> HandRun:
    document = yaml.safe_load((ROOT / "config/use_cases/iris.yaml").read_text())
    return HandRun(
        "by-hand-1", {**document, "endpoint": {"dev": {"enabled": True}}}, "zone-iris", "source", "work",
        "abc", "c" * 40, "image:1", "1", "role", "key", "ml.m5.xlarge", "ml.m5.large", "eu-west-1", "zone",
    )  # fmt: skip


def test_the_properties_are_those_of_the_training_machine() -> None:
    machine = json.loads(Path(ROOT / "workflow/state_machines/training.asl.json").read_text())
    written = machine["States"]["RegisterModel"]["Parameters"]["CustomerMetadataProperties"]
    found = hand_run().properties("job", "model", EVALUATION)

    assert set(found) == {key.removesuffix(".$") for key in written} - {"Execution"}
    assert (found["MetricValue"], found["MetricThreshold"]) == ("0.97", "0.9")


def test_jobs_read_what_the_jobs_before_them_wrote() -> None:
    run = hand_run()
    _, outputs = run.processing("preprocess")
    inputs, written = run.processing("evaluate", "s3://work/model.tar.gz")

    assert run.channels["train"][0] == outputs["train"]
    assert (inputs["test"], inputs["profile"]) == (outputs["test"], outputs["model"])
    assert f"s3://work/{run.evaluation_key}" == f"{written['evaluation']}evaluation.json"
    use_case = json.loads(run.objects["by-hand-1/config/use_case.json"])
    assert use_case["name"] == "iris"
    assert "endpoint" not in use_case
    assert json.loads(run.hyperparameters["max_iter"]) == 200


def test_the_package_names_the_instance_that_serves_it() -> None:
    package = hand_run().package("s3://work/model.tar.gz", EVALUATION)
    specification = package["InferenceSpecification"]
    assert specification["SupportedRealtimeInferenceInstanceTypes"] == ["ml.m5.large"]
    assert specification["Containers"][0]["Environment"]["MODEL_SHA256"] == "a" * 64
