"""The commands for models on localaws: registry, decisions, timeline, traffic, comparison of variants."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from landing_zone.core.settings import load_settings
from localaws.testing import running
from server.sagemaker.client import SCIKIT_LEARN_IMAGE, SageMaker, wait

PREFIX, ENDPOINT = "ml-core-development", "ml-core-development-iris"
PROGRAM = """
def model_fn(folder): return None
def input_fn(body, kind): return body
def predict_fn(rows, model): return "yes"
def output_fn(answer, kind): return answer + "\\n"
"""
MACHINE = {
    "StartAt": "Done",
    "States": {
        "Done": {
            "Type": "Pass",
            "Parameters": {
                "Action": "created",
                "UseCase.$": "$.UseCase",
                "Target.$": "$.Target",
                "Reason.$": "$.Reason",
                "EndpointName": ENDPOINT,
                "EndpointConfigName": "iris-1",
                "ModelPackageArn": f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{ENDPOINT}/1",
            },
            "End": True,
        }
    },
}
Run = Callable[..., str]


@pytest.fixture(scope="module")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SageMaker]:
    """With the time of this machine: the commands ask CloudWatch for the last minutes."""
    with running(tmp_path_factory.mktemp("models")) as server:
        yield SageMaker(server)


@pytest.fixture(scope="module")
def endpoint(sagemaker: SageMaker) -> Iterator[str]:
    """Version 1 on variants A and B, version 2 waiting, and a machine that says it deployed version 1."""
    api = sagemaker.api
    model = sagemaker.model(PROGRAM)
    described = api.describe_model(ModelName=model)["PrimaryContainer"]
    api.create_model_package_group(ModelPackageGroupName=ENDPOINT)
    for status in ("Approved", "PendingManualApproval"):
        package = api.create_model_package(
            ModelPackageGroupName=ENDPOINT,
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [
                    {"Image": SCIKIT_LEARN_IMAGE, "ModelDataUrl": described["ModelDataUrl"]}
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            CustomerMetadataProperties={"Metric": "accuracy", "MetricValue": "0.95"},
        )["ModelPackageArn"]
    tags = {"UseCase": "iris", "Target": "prod", "Environment": PREFIX, "ModelVersion.B": "2"}
    tags["ModelPackageArn"] = package.rpartition("/")[0] + "/1"
    api.create_endpoint_config(
        EndpointConfigName="iris-1",
        ProductionVariants=[
            {
                "VariantName": name, "ModelName": model, "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1, "InitialVariantWeight": weight,
            }
            for name, weight in (("A", 0.9), ("B", 0.1))
        ],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )  # fmt: skip
    api.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="iris-1")
    states = sagemaker.localaws.client("stepfunctions")
    machine = states.create_state_machine(
        name=f"{PREFIX}-deploy", definition=json.dumps(MACHINE), roleArn=sagemaker.role
    )["stateMachineArn"]
    sagemaker.localaws.client("ssm").put_parameter(
        Name="/ml-core/development/deploy_step_function_arn", Value=machine, Type="String"
    )
    assert sagemaker.endpoint_settled(ENDPOINT)["EndpointStatus"] == "InService"
    yield ENDPOINT
    api.delete_endpoint(EndpointName=ENDPOINT)


@pytest.fixture
def run(
    sagemaker: SageMaker, endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:  # fmt: skip
    """Run a command in this process; returns what it has printed."""
    for name, value in sagemaker.localaws.environment.items():
        monkeypatch.setenv(name, value)

    def call(name: str, *options: str) -> str:
        command = importlib.import_module(f"landing_zone.commands.{name}")
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        environ = {**sagemaker.localaws.environment, "USE_CASE": "iris"}
        assert command.run(parser.parse_args(options), load_settings(environ)) == 0
        return capsys.readouterr().out

    return call


def test_a_deployment_is_followed_and_shows_in_the_timeline(run: Run) -> None:
    assert "endpoint ml-core-development-iris created: it serves version 1" in run("deploy_model")

    (period,) = json.loads(run("models", "--timeline", "--json"))["timeline"]
    assert (period["version"], period["source"], period["end"]) == ("1", "deployment", None)
    assert json.loads(run("models", "--at", period["start"], "--json"))["timeline"] == [period]
    assert "nothing was live at 2020" in run("models", "--at", "2020-05-03T12:00")


def test_a_decision_is_stored_with_its_author(run: Run, sagemaker: SageMaker) -> None:
    output = run("reject_model", "--version", "2", "--reason", "wrong labels", "--yes")

    assert "after this production serves version 1" in output
    (found,) = json.loads(run("models", "--json"))
    second, first = found["versions"]
    assert (second["status"], second["reason"]) == ("Rejected", "wrong labels")
    assert second["decided_by"].startswith("arn:aws:")
    assert (first["live"], first["metric"], first["value"]) == (["prod"], "accuracy", "0.95")


def test_traffic_is_counted_moved_and_promoted(
    run: Run, sagemaker: SageMaker, tmp_path: Path
) -> None:
    assert " 90.0%" in run("set_traffic")
    for _ in range(40):
        sagemaker.runtime.invoke_endpoint(
            EndpointName=ENDPOINT, ContentType="text/csv", Body=b"1\n"
        )

    run("compare_variants", "--minutes", "30", "--output", str(tmp_path))
    variants = json.loads((tmp_path / "comparison.json").read_text())["variants"]
    assert sum(variant["requests"] for variant in variants) == 40
    assert variants[0]["requests"] > variants[1]["requests"]
    assert variants[0]["latency_ms"]["p99"] > 0
    assert (tmp_path / "report.html").read_text().count("<svg") == 2

    assert " 50.0%" in run("set_traffic", "--variant", "A=1", "--variant", "B=1")
    output = run("set_traffic", "--promote", "B")
    assert "B serves version 2" in output
    assert "approve_model.py --version 2" in output

    def variant() -> str:
        answer = sagemaker.runtime.invoke_endpoint(
            EndpointName=ENDPOINT, ContentType="text/csv", Body=b"1\n"
        )
        return str(answer["InvokedProductionVariant"])

    assert wait(lambda: {variant() for _ in range(10)}, lambda found: found == {"B"})
