from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.resources import RunResources
from tests.unit.deployment_scripts.fakes import (
    DEPLOYMENT,
    FakeAws,
    FakePipelineApi,
    Pages,
    client_error,
)

ACCOUNT = "123456789012"
ROLE, OTHER_ROLE = "arn:role/ours", "arn:role/theirs"


class FakeSageMaker:
    """Jobs, models and endpoints of two deployments."""

    def __init__(self) -> None:
        self.jobs = {
            "ours-running": {"RoleArn": ROLE, "TrainingJobStatus": "InProgress"},
            "ours-done": {"RoleArn": ROLE, "TrainingJobStatus": "Completed"},
            "theirs": {"RoleArn": OTHER_ROLE, "TrainingJobStatus": "InProgress"},
        }
        self.transforms = {"t": {"ModelName": "model-ours", "TransformJobStatus": "InProgress"}}
        self.models = {"model-ours": ROLE, "model-theirs": OTHER_ROLE}
        self.endpoints = ["zone-iris", "zone", "my-zone-iris", "zonetwo-iris"]
        self.configs = {"config-ours": "model-ours", "config-theirs": "model-theirs"}
        self.groups = ["zone-iris"]
        self.deleted: list[str] = []
        self.stopped: list[str] = []

    def get_paginator(self, operation: str) -> Pages:
        def names(key: str, found: Mapping[str, Any] | list[str]) -> list[dict[str, str]]:
            return [{key: name} for name in found]

        return Pages(
            {
                "list_processing_jobs": {"ProcessingJobSummaries": []},
                "list_training_jobs": {"TrainingJobSummaries": names("TrainingJobName", self.jobs)},
                "list_transform_jobs": {
                    "TransformJobSummaries": names("TransformJobName", self.transforms)
                },
                "list_models": {"Models": names("ModelName", self.models)},
                "list_endpoints": {"Endpoints": names("EndpointName", self.endpoints)},
                "list_endpoint_configs": {
                    "EndpointConfigs": names("EndpointConfigName", self.configs)
                },
                "list_model_package_groups": {
                    "ModelPackageGroupSummaryList": names("ModelPackageGroupName", self.groups)
                },
                "list_model_packages": {
                    "ModelPackageSummaryList": [{"ModelPackageArn": "arn:package/1"}]
                },
            }[operation]
        )

    def describe_training_job(self, *, TrainingJobName: str) -> dict[str, str]:  # noqa: N803
        return self.jobs[TrainingJobName]

    def stop_training_job(self, *, TrainingJobName: str) -> None:  # noqa: N803
        self.stopped.append(TrainingJobName)
        self.jobs[TrainingJobName]["TrainingJobStatus"] = "Stopped"

    def describe_processing_job(self, **_: str) -> dict[str, str]:
        raise AssertionError("there is none")

    def describe_transform_job(self, *, TransformJobName: str) -> dict[str, str]:  # noqa: N803
        return self.transforms[TransformJobName]

    def stop_transform_job(self, *, TransformJobName: str) -> None:  # noqa: N803
        self.stopped.append(TransformJobName)
        self.transforms[TransformJobName]["TransformJobStatus"] = "Stopped"
        raise client_error("ValidationException")  # it has just been stopped by somebody else

    def describe_model(self, *, ModelName: str) -> dict[str, str]:  # noqa: N803
        return {"ExecutionRoleArn": self.models[ModelName]}

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, str]:  # noqa: N803
        if EndpointName in self.deleted:
            raise client_error("ValidationException")
        return {}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        return {"ProductionVariants": [{"ModelName": self.configs[EndpointConfigName]}]}

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("delete_"):
            raise AttributeError(name)
        return lambda **options: self.deleted.extend(options.values())


class FakeLogs:
    def __init__(self, **groups: list[str]) -> None:
        self.groups = {name.replace("__", "/"): streams for name, streams in groups.items()}

    def get_paginator(self, operation: str) -> Any:
        logs = self

        class Paginator:
            def paginate(self, **options: str) -> Iterator[dict[str, Any]]:
                if operation == "describe_log_groups":
                    prefix = options["logGroupNamePrefix"]
                    found = [
                        {"logGroupName": name} for name in logs.groups if name.startswith(prefix)
                    ]
                    yield {"logGroups": found}
                    return
                if options["logGroupName"] not in logs.groups:
                    raise client_error("ResourceNotFoundException")
                prefix = options.get("logStreamNamePrefix", "")
                streams = logs.groups[options["logGroupName"]]
                yield {
                    "logStreams": [{"logStreamName": s} for s in streams if s.startswith(prefix)]
                }

        return Paginator()

    def describe_log_groups(self, *, logGroupNamePrefix: str) -> dict[str, Any]:  # noqa: N803
        found = [name for name in self.groups if name.startswith(logGroupNamePrefix)]
        return {"logGroups": [{"logGroupName": name} for name in found]}

    def delete_log_stream(self, *, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        self.groups[logGroupName].remove(logStreamName)

    def delete_log_group(self, *, logGroupName: str) -> None:  # noqa: N803
        del self.groups[logGroupName]


class FakeCloudWatch:
    def __init__(self) -> None:
        self.alarms = [
            "zone-iris-rollout-errors",
            "zone-training-failed",
            "zone-iris-rollout-abort",
        ]

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_alarms"
        cloudwatch = self

        class Paginator:
            def paginate(self, **options: Any) -> Iterator[dict[str, Any]]:
                prefix = options["AlarmNamePrefix"]
                found = [name for name in cloudwatch.alarms if name.startswith(prefix)]
                yield {"MetricAlarms": [{"AlarmName": name} for name in found]}

        return Paginator()

    def delete_alarms(self, *, AlarmNames: list[str]) -> None:  # noqa: N803
        self.alarms = [name for name in self.alarms if name not in AlarmNames]


@pytest.fixture
def cloudwatch() -> FakeCloudWatch:
    return FakeCloudWatch()


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    return FakeSageMaker()


@pytest.fixture
def logs() -> FakeLogs:
    return FakeLogs(
        __aws__sagemaker__TrainingJobs=["ours-running/1", "ours-done/1", "theirs/1"],
        __aws__sagemaker__TransformJobs=["t/1"],
        __aws__lambda__zone_create=["x"],
    )


@pytest.fixture
def left(sagemaker: FakeSageMaker, logs: FakeLogs, cloudwatch: FakeCloudWatch) -> RunResources:
    clock = iter(range(10_000))
    return RunResources(
        FakeAws(sagemaker=sagemaker, stepfunctions=None, logs=logs, cloudwatch=cloudwatch),
        "zone",
        say=lambda _: None,
        now=lambda: float(next(clock)),
        sleep=lambda _: None,
    )


def test_only_our_jobs_are_stopped(left: RunResources, sagemaker: FakeSageMaker) -> None:
    left.stop_jobs(ROLE)

    assert sagemaker.stopped == ["ours-running", "t"]


def test_only_endpoints_of_the_prefix_are_deleted(
    left: RunResources, sagemaker: FakeSageMaker
) -> None:
    left.remove_endpoints()

    assert sagemaker.deleted == ["zone-iris"]


def test_only_the_alarms_of_rollouts_are_deleted(
    left: RunResources, cloudwatch: FakeCloudWatch
) -> None:
    left.remove_rollout_alarms()
    left.remove_rollout_alarms()

    assert cloudwatch.alarms == ["zone-training-failed"]


def test_an_endpoint_that_is_not_deleted_is_named(
    left: RunResources, sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sagemaker, "describe_endpoint", lambda **_: {})

    with pytest.raises(OperatorError, match="endpoint zone-iris has not ended in 600 s"):
        left.remove_endpoints()


def test_only_our_models_and_what_uses_them_are_deleted(
    left: RunResources, sagemaker: FakeSageMaker
) -> None:
    left.remove_models(ROLE)

    assert sagemaker.deleted == ["config-ours", "model-ours", "arn:package/1", "zone-iris"]


def test_the_logs_of_other_deployments_are_kept(left: RunResources, logs: FakeLogs) -> None:
    left.stop_jobs(ROLE)

    left.remove_logs()

    # The group of the training jobs holds another deployment's log; the other groups are empty now.
    assert logs.groups == {
        "/aws/sagemaker/TrainingJobs": ["theirs/1"],
        "/aws/lambda/zone_create": ["x"],
    }


def test_unfinished_runs_are_stopped_and_a_missing_pipeline_is_no_error(left: RunResources) -> None:
    api = FakePipelineApi()
    for run_id, status in {"a": "Succeeded", "b": "InProgress", "c": "Stopping"}.items():
        api.add_run(run_id, status)

    left.stop_runs(Pipeline(FakeAws(codepipeline=api), DEPLOYMENT))

    assert [options["pipelineExecutionId"] for _, options in api.calls] == ["b"]

    class Gone(FakePipelineApi):
        def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
            raise client_error("PipelineNotFoundException")

    left.stop_runs(Pipeline(FakeAws(codepipeline=Gone()), DEPLOYMENT))
