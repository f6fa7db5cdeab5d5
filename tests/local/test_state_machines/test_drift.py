"""The state machine `drift` and every option of drift.py on localaws, with traffic of the test.

Alarm, schedule and retraining: test_candidates.py, on a whole deployment.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from landing_zone.commands import drift as command
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import load_settings
from landing_zone.sources import package
from localaws.testing import LocalAws
from tests.local.test_state_machines.conftest import ACCOUNT, PREFIX, ROOT, Machines, _role
from tests.unit.workflow.ml.monitoring.traffic import record

ENDPOINT = f"{PREFIX}-iris"
PIPELINE = f"{PREFIX}-ml-pipeline"
FUNCTIONS = ("plan_drift", "start_retraining")
ROWS = 320

Row = list[str]


class Monitored:
    """An endpoint that captures requests, and the machine that compares them."""

    def __init__(self, machines: Machines, trained: dict[str, Any]) -> None:
        self.machines, self.trained = machines, trained
        settings = machines.settings
        client = machines.client
        iam, functions = client("iam"), client("lambda")
        role = _role(iam, "lambda")
        variables = {
            "PREFIX": PREFIX,
            "SOURCE_BUCKET": settings.source_bucket,
            "WORKFLOW_BUCKET": settings.workflow_bucket,
            "KMS_KEY_ARN": settings.kms_key_arn,
            "WINDOW_HOURS": "24",
            "PIPELINE_NAME": PIPELINE,
            "RETRAIN": "true",
            "COOLDOWN_DAYS": "7",
            "MINIMUM_LABELS": "200",
        }
        self.functions = {
            name: functions.create_function(
                FunctionName=f"{PREFIX}-{name.replace('_', '-')}",
                Runtime="python3.13",
                Handler="handler.handler",
                Role=role,
                Code={"ZipFile": package.zip_bytes(package.function_files(ROOT, name))},
                Environment={"Variables": variables},
                Timeout=120,
            )["FunctionArn"]
            for name in FUNCTIONS
        }
        definition = (ROOT / "workflow/state_machines/drift.asl.json").read_text()
        iam_arn = f"arn:aws:iam::{ACCOUNT}:role"
        for name, value in {
            "false_discovery_rate": "0.01",
            "instance_type": "ml.m5.large",
            "kms_key_arn": settings.kms_key_arn,
            "minimum_psi": "0.1",
            "minimum_rows": "300",
            "plan_drift_arn": self.functions["plan_drift"],
            "prefix": PREFIX,
            "sagemaker_role_arn": f"{iam_arn}/sagemaker",
            "start_retraining_arn": self.functions["start_retraining"],
            "workflow_bucket": settings.workflow_bucket,
        }.items():
            definition = definition.replace(f"${{{name}}}", value)
        machines.arns["drift"] = machines.states.create_state_machine(
            name=f"{PREFIX}-drift", definition=definition, roleArn=f"{iam_arn}/states"
        )["stateMachineArn"]
        ssm = client("ssm")
        for name, value in {
            "pipeline_name": PIPELINE,
            "source_bucket": settings.source_bucket,
            "workflow_bucket": settings.workflow_bucket,
            "artifact_bucket": "none",
        }.items():
            ssm.put_parameter(Name=f"/ml-core/development/{name}", Value=value, Type="String")
        self._create_endpoint()

    def _create_endpoint(self) -> None:
        sagemaker, bucket = self.machines.sagemaker, self.machines.settings.workflow_bucket
        sagemaker.create_endpoint_config(
            EndpointConfigName="iris-drift",
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": self.trained["TrainedModelName"],
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            DataCaptureConfig={
                "EnableCapture": True,
                "InitialSamplingPercentage": 100,
                "DestinationS3Uri": f"s3://{bucket}/capture",
                "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                "CaptureContentTypeHeader": {
                    "CsvContentTypes": ["text/csv"],
                    "JsonContentTypes": ["application/json"],
                },
            },
            Tags=[
                {"Key": "RunId", "Value": self.trained["RunId"]},
                {"Key": "CodeVersion", "Value": self.trained["CodeVersion"]},
                {"Key": "ModelPackageArn", "Value": self.trained["ModelPackageArn"]},
            ],
        )
        sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="iris-drift")
        config = sagemaker.describe_endpoint_config(EndpointConfigName="iris-drift")
        self.live_since = config["CreationTime"]

    def receives(self, rows: list[Row], prefix: str) -> None:
        """Captured requests since the model is live; the prediction is the label that the row has."""
        moment = self.live_since
        lines = [
            record(
                ",".join(row[:-1]),
                row[-1],
                inference_id=f"{prefix}-{number}",
                time=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            )
            for number, row in enumerate(rows)
        ]
        key = f"capture/{ENDPOINT}/AllTraffic/{moment:%Y/%m/%d/%H}/{prefix}.jsonl"
        self.machines.put(key, "".join(f"{line}\n" for line in lines))

    def forget(self) -> None:
        """Remove what was captured."""
        bucket = self.machines.settings.workflow_bucket
        for prefix in ("capture/", "labels/"):
            found = self.machines.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
            for item in found.get("Contents", []):
                self.machines.s3.delete_object(Bucket=bucket, Key=item["Key"])

    def metric(self, name: str) -> list[float]:
        """All data points of a metric of the endpoint."""
        cloudwatch = self.machines.cloudwatch
        found = cloudwatch.get_metric_statistics(
            Namespace=PREFIX,
            MetricName=name,
            Dimensions=[{"Name": "EndpointName", "Value": ENDPOINT}],
            StartTime=self.live_since.timestamp() - 3600,
            EndTime=self.live_since.timestamp() + 40_000,
            Period=60,
            Statistics=["Maximum"],
        )
        points = sorted(found["Datapoints"], key=lambda point: point["Timestamp"])
        return [point["Maximum"] for point in points]

    def records(self, kind: str) -> list[dict[str, Any]]:
        """What start_retraining recorded, oldest first."""
        bucket = self.machines.settings.workflow_bucket
        prefix = f"retraining/{ENDPOINT}/{kind}/"
        found = self.machines.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [json.loads(self.machines.get(item["Key"])) for item in found.get("Contents", [])]


@pytest.fixture(scope="module")
def monitored(machines: Machines, trained: dict[str, Any]) -> Iterator[Monitored]:
    made = Monitored(machines, trained)
    yield made
    machines.sagemaker.delete_endpoint(EndpointName=ENDPOINT)


@pytest.fixture(scope="module")
def rows(iris: str) -> list[Row]:
    """Some hundred flowers of the sample, drawn again and again."""
    flowers = list(csv.reader(io.StringIO(iris)))[1:]
    return random.Random(1).choices(flowers, k=ROWS)


def shifted(rows: list[Row]) -> list[Row]:
    """Longer petals; the model takes every flower for another species."""
    return [[*row[:2], f"{float(row[2]) + 2.5:.1f}", row[3], "virginica"] for row in rows]


@pytest.fixture
def drift(
    fast_localaws: LocalAws,
    monitored: Monitored,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str]]:
    """Run drift.py in this process; returns its exit code and what it has printed."""
    for name, value in fast_localaws.environment.items():
        monkeypatch.setenv(name, value)

    def call(*options: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        environ = {**fast_localaws.environment, "USE_CASE": "iris"}
        code = command.run(parser.parse_args(options), load_settings(environ))
        return code, capsys.readouterr().out

    return call


Drift = Callable[..., tuple[int, str]]


def test_unchanged_traffic_has_not_drifted(
    monitored: Monitored, rows: list[Row], drift: Drift
) -> None:
    monitored.receives(rows, "same")

    code, output = drift("--now", "--target", "prod", "--hours", "24")

    assert code == 0
    assert f"✓ no drift: none of 4 columns differs from the training, on {ROWS} rows" in output
    assert "retraining" not in output
    assert monitored.metric("DriftVerdict") == [0.0]
    found = re.search(r"^report: s3://[^/]+/(.+report\.html)$", output, re.MULTILINE)
    assert found
    assert b"<svg" in monitored.machines.get(found[1])
    monitored.forget()


def test_a_shifted_column_sets_the_exit_code_and_labels_show_the_quality(
    monitored: Monitored, rows: list[Row], drift: Drift, tmp_path: Path
) -> None:
    monitored.receives(shifted(rows), "far")
    labels = tmp_path / "labels.jsonl"
    lines = ({"inference_id": f"far-{n}", "label": row[-1]} for n, row in enumerate(rows))
    labels.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    assert f"uploaded {ROWS} labels to s3://" in drift("--labels", str(labels))[1]
    code, output = drift("--now", "--use-case", "iris")

    assert code == 2
    assert re.search(r"^  petal_length .*✗ drifted$", output, re.MULTILINE), output
    assert re.search(rf"quality: accuracy .* on {ROWS} labels, .*: worse", output), output
    assert "retraining: no: the alarm on drift is missing" in output
    assert monitored.metric("DriftVerdict")[-1] == 1.0


def test_the_history_has_a_line_for_each_verdict_and_the_latest_in_full(
    monitored: Monitored, drift: Drift
) -> None:
    code, output = drift()

    assert code == 0
    assert re.findall(r"^20\S+  (.) ", output, re.MULTILINE) == ["✓"]
    assert re.search(r"^✗ drift: 1 of 4 columns on ", output, re.MULTILINE), output
    assert output.count("no retraining: the alarm on drift is missing") == 1
    assert monitored.records("started") == []


def test_an_endpoint_that_does_not_exist(drift: Drift) -> None:
    with pytest.raises(OperatorError, match=f"FAILED: .*{ENDPOINT}-dev cannot be described"):
        drift("--now", "--target", "dev")
    with pytest.raises(OperatorError, match=f"{PREFIX}-housing was never compared"):
        drift("--use-case", "housing")
