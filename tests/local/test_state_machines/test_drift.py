"""The state machine `drift` on localaws: real functions, jobs, alarm, pipeline; traffic of the test."""

from __future__ import annotations

import csv
import io
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from landing_zone.sources import package
from localaws.testing import REGION
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

    def learns(self, labels: list[str], prefix: str) -> None:
        """Labels of these requests arrive."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["inference_id", "label"])
        writer.writerows((f"{prefix}-{number}", label) for number, label in enumerate(labels))
        self.machines.put(f"labels/iris/{prefix}.csv", text.getvalue())

    def forget(self) -> None:
        """Remove what was captured."""
        bucket = self.machines.settings.workflow_bucket
        for prefix in ("capture/", "labels/"):
            found = self.machines.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
            for item in found.get("Contents", []):
                self.machines.s3.delete_object(Bucket=bucket, Key=item["Key"])

    def compare(self) -> dict[str, Any]:
        return self.machines.succeeds("drift", {"UseCase": "iris", "Target": "prod"})

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


def wait_for(what: str, condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within 90 s")


def test_unchanged_traffic_and_too_little_of_it(monitored: Monitored, rows: list[Row]) -> None:
    assert monitored.compare()["Verdict"] == "too few rows"
    assert monitored.metric("DriftVerdict") == []
    monitored.receives(rows, "same")
    output = monitored.compare()
    assert output["Summary"] == (
        f"no drift: none of 4 columns differs from the training, on {ROWS} rows"
    )
    assert "Retraining" not in output
    assert monitored.metric("DriftVerdict") == [0.0]
    assert b"<svg" in monitored.machines.get(
        output["Report"].removeprefix(f"s3://{monitored.machines.settings.workflow_bucket}/")
    )
    monitored.forget()


def test_drift_raises_the_alarm_and_retrains_to_a_better_model(
    monitored: Monitored, rows: list[Row]
) -> None:
    machines = monitored.machines
    make_alarm_and_pipeline(monitored)
    monitored.receives(shifted(rows), "far")
    output = monitored.compare()
    assert output["Verdict"] == "drift"
    assert "petal_length (PSI " in output["Summary"]
    assert output["Retraining"]["Started"] is False
    # Without labels nobody knows what to train on: the alarm asks, and is refused too.
    asked = wait_for("the alarm's question", lambda: by_alarm(monitored.records("not-started")))
    assert asked["Reason"].startswith("0 captured rows have a label, a retraining needs 200")

    monitored.learns([row[-1] for row in rows], "far")
    output = monitored.compare()
    retraining = output["Retraining"]
    assert retraining["Started"] is True, retraining
    (started,) = monitored.records("started")
    assert started["RunId"] == retraining["RunId"]
    assert started["Data"] == [
        f"s3://{machines.settings.workflow_bucket}/{retraining['RunId']}/source/{name}"
        for name in ("iris.csv", started["Data"][1].rpartition("/")[2])
    ]
    again = monitored.compare()["Retraining"]
    assert again["Started"] is False
    assert "cooldown of 7 days" in again["Reason"] or "is still InProgress" in again["Reason"]

    champion = retrained(monitored, retraining["RunId"])
    assert champion["status"] == "compared"
    assert champion["interval"]["low"] > 0, champion


def by_alarm(records: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((record for record in records if record["Trigger"] == "alarm"), None)


def make_alarm_and_pipeline(monitored: Monitored) -> None:
    """As infra/modules/monitoring makes them, with a period of a minute, and a pipeline that waits."""
    machines, function = monitored.machines, monitored.functions["start_retraining"]
    cloudwatch, events = machines.cloudwatch, machines.client("events")
    cloudwatch.put_metric_alarm(
        AlarmName=f"{ENDPOINT}-drift",
        Namespace=PREFIX,
        MetricName="DriftVerdict",
        Dimensions=[{"Name": "EndpointName", "Value": ENDPOINT}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="ignore",
    )
    events.put_rule(
        Name=f"{ENDPOINT}-drift",
        EventPattern=json.dumps(
            {
                "source": ["aws.cloudwatch"],
                "detail-type": ["CloudWatch Alarm State Change"],
                "detail": {"alarmName": [f"{ENDPOINT}-drift"], "state": {"value": ["ALARM"]}},
            }
        ),
    )
    template = '{"UseCase": "iris", "Target": "prod", "Trigger": "alarm", "Now": <time>}'
    events.put_targets(
        Rule=f"{ENDPOINT}-drift",
        Targets=[
            {
                "Id": "retrain",
                "Arn": function,
                "InputTransformer": {
                    "InputPathsMap": {"time": "$.time"},
                    "InputTemplate": template,
                },
            }
        ],
    )
    machines.client("lambda").add_permission(
        FunctionName=function,
        StatementId="alarm",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{ENDPOINT}-drift",
    )
    source = machines.settings.source_bucket
    machines.s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
    machines.s3.put_object(Bucket=source, Key="config/manifest.json", Body=b"{}")
    machines.client("codepipeline").create_pipeline(
        pipeline=pipeline(source, _role(machines.client("iam"), "codepipeline"))
    )


def pipeline(source: str, role: str) -> dict[str, Any]:
    def action(name: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
        kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
        return {"name": name, "actionTypeId": kind, **more}

    read = action(
        "UploadManifest",
        "Source",
        "S3",
        configuration={
            "S3Bucket": source,
            "S3ObjectKey": "config/manifest.json",
            "PollForSourceChanges": "false",
        },
        outputArtifacts=[{"name": "SourceArtifact"}],
    )
    return {
        "name": PIPELINE,
        "roleArn": role,
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "artifactStore": {"type": "S3", "location": source},
        "variables": [{"name": "UseCase", "defaultValue": "from-manifest"}],
        "stages": [
            {"name": "Source", "actions": [read]},
            {"name": "Train", "actions": [action("UploadSourceData", "Approval", "Manual")]},
        ],
    }


def retrained(monitored: Monitored, run_id: str) -> Any:
    """What the rest of the ML pipeline does with the data: train, and compare with the live model."""
    machines = monitored.machines
    machines.sagemaker.update_model_package(
        ModelPackageArn=monitored.trained["ModelPackageArn"], ModelApprovalStatus="Approved"
    )
    manifest = machines.manifest(None)
    bucket = machines.settings.workflow_bucket
    for item in machines.s3.list_objects_v2(Bucket=bucket, Prefix=f"{run_id}/source/")["Contents"]:
        name = item["Key"].rpartition("/")[2]
        machines.put(f"{manifest['RunId']}/source/{name}", machines.get(item["Key"]))
    return machines.evaluation(machines.succeeds("training", manifest))["champion"]
