"""What the runs made outside Terraform: jobs, endpoints, models, their logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from botocore.exceptions import ClientError

from landing_zone.aws import error_code
from landing_zone.errors import OperatorError
from landing_zone.pipeline import Clients, Pipeline
from landing_zone.runs import OVER

_ABSENT = {"ResourceNotFound", "ResourceNotFoundException", "PipelineNotFoundException"}
_END_SECONDS = 600.0
_JOB_GROUPS = tuple(
    f"/aws/sagemaker/{kind}" for kind in ("ProcessingJobs", "TrainingJobs", "TransformJobs")
)


class Leftovers:
    """Removes what belongs to one deployment: its names begin with the prefix, or its roles say so."""

    def __init__(
        self,
        aws: Clients,
        prefix: str,
        *,
        say: Callable[[str], None] = print,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sagemaker = aws.client("sagemaker")
        self._stepfunctions = aws.client("stepfunctions")
        self._logs = aws.client("logs")
        self._prefix = prefix
        self._say = say
        self._now = now
        self._sleep = sleep
        self.jobs: list[tuple[str, str]] = []  # log group, job name

    def stop_runs(self, pipeline: Pipeline) -> None:
        """Stop every unfinished run, so that nothing new is started while things are removed."""
        try:
            runs = [item for item in pipeline.executions() if item["status"] not in OVER]
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return
            raise
        for item in runs:
            if item["status"] != "Stopping":
                pipeline.stop(item["pipelineExecutionId"], "the deployment is being destroyed")
                self._say(f"stopped run {item['pipelineExecutionId']}")

    def stop_state_machines(self, arns: list[str]) -> None:
        """Abort running executions; Step Functions stops their jobs."""
        for arn in arns:
            pages = self._stepfunctions.get_paginator("list_executions").paginate(
                stateMachineArn=arn, statusFilter="RUNNING"
            )
            try:
                running = [item["executionArn"] for page in pages for item in page["executions"]]
            except ClientError as error:
                if error_code(error) == "StateMachineDoesNotExist":
                    continue
                raise
            for execution in running:
                self._stepfunctions.stop_execution(executionArn=execution, cause="destroyed")
                self._say(f"stopped {execution}")

    def stop_jobs(self, role_arn: str) -> None:
        """Stop the jobs that run under the deployment's role and wait for their end."""
        for kind, group in zip(("Processing", "Training", "Transform"), _JOB_GROUPS, strict=True):
            for name, status in self._own_jobs(kind, role_arn):
                self.jobs.append((group, name))
                if status in {"InProgress", "Stopping"}:
                    self._stop_job(kind, name)

    def remove_endpoints(self) -> None:
        """Delete the endpoints of this prefix and wait until they are gone."""
        endpoints = self._names("list_endpoints", "Endpoints", "EndpointName")
        for name in endpoints:
            self._sagemaker.delete_endpoint(EndpointName=name)
            self._say(f"deleted endpoint {name}")
        for name in endpoints:
            self._wait(f"endpoint {name}", partial(self._endpoint_gone, name))

    def remove_models(self, role_arn: str) -> None:
        """Delete models that run under the deployment's role, their endpoint configurations and packages."""
        models = {
            name
            for name in self._all("list_models", "Models", "ModelName")
            if self._sagemaker.describe_model(ModelName=name).get("ExecutionRoleArn") == role_arn
        }
        for name in self._all("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"):
            described = self._sagemaker.describe_endpoint_config(EndpointConfigName=name)
            if {variant.get("ModelName") for variant in described["ProductionVariants"]} & models:
                self._sagemaker.delete_endpoint_config(EndpointConfigName=name)
                self._say(f"deleted endpoint configuration {name}")
        for name in sorted(models):
            self._sagemaker.delete_model(ModelName=name)
            self._say(f"deleted model {name}")
        self._remove_packages()

    def remove_logs(self) -> None:
        """Delete the log streams of this deployment's jobs and the log groups of its endpoints.

        The groups of the jobs belong to the whole account: they go only when nothing is left in them.
        """
        for group, name in self.jobs:
            for stream in self._streams(group, name):
                self._logs.delete_log_stream(logGroupName=group, logStreamName=stream)
        for group in {group for group, _ in self.jobs}:
            if next(self._streams(group, ""), None) is None and self._group_exists(group):
                self._logs.delete_log_group(logGroupName=group)
        for prefix in (f"/aws/sagemaker/Endpoints/{self._prefix}-", f"/aws/lambda/{self._prefix}-"):
            for page in self._logs.get_paginator("describe_log_groups").paginate(
                logGroupNamePrefix=prefix
            ):
                for item in page["logGroups"]:
                    self._logs.delete_log_group(logGroupName=item["logGroupName"])
                    self._say(f"deleted log group {item['logGroupName']}")

    def _remove_packages(self) -> None:
        for group in self._names(
            "list_model_package_groups", "ModelPackageGroupSummaryList", "ModelPackageGroupName"
        ):
            pages = self._sagemaker.get_paginator("list_model_packages").paginate(
                ModelPackageGroupName=group
            )
            for package in [p for page in pages for p in page["ModelPackageSummaryList"]]:
                self._sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])
            self._sagemaker.delete_model_package_group(ModelPackageGroupName=group)
            self._say(f"deleted model package group {group}")

    def _own_jobs(self, kind: str, role_arn: str) -> Iterator[tuple[str, str]]:
        pages = self._sagemaker.get_paginator(f"list_{kind.lower()}_jobs").paginate()
        describe = getattr(self._sagemaker, f"describe_{kind.lower()}_job")
        key = f"{kind}JobName"
        for page in pages:
            for item in page[f"{kind}JobSummaries"]:
                job = describe(**{key: item[key]})
                # A transform job has no role of its own: its model has.
                role = job.get("RoleArn") or self._role_of_model(job.get("ModelName", ""))
                if role == role_arn:
                    yield item[key], job[f"{kind}JobStatus"]

    def _role_of_model(self, name: str) -> str:
        try:
            model = self._sagemaker.describe_model(ModelName=name)
        except ClientError as error:
            if error_code(error) in {"ValidationException", *_ABSENT}:
                return ""
            raise
        return str(model.get("ExecutionRoleArn", ""))

    def _stop_job(self, kind: str, name: str) -> None:
        key = {f"{kind}JobName": name}
        try:
            getattr(self._sagemaker, f"stop_{kind.lower()}_job")(**key)
        except ClientError as error:  # it ended, or was stopped, in between
            if error_code(error) != "ValidationException":
                raise
        describe = getattr(self._sagemaker, f"describe_{kind.lower()}_job")
        over = {"Completed", "Failed", "Stopped"}
        self._wait(f"job {name}", lambda: describe(**key)[f"{kind}JobStatus"] in over)
        self._say(f"stopped job {name}")

    def _endpoint_gone(self, name: str) -> bool:
        try:
            self._sagemaker.describe_endpoint(EndpointName=name)
        except ClientError as error:
            if error_code(error) == "ValidationException":  # so DescribeEndpoint says "not found"
                return True
            raise
        return False

    def _names(self, operation: str, member: str, key: str) -> list[str]:
        return [
            name
            for name in self._all(operation, member, key, NameContains=self._prefix)
            if name.startswith(f"{self._prefix}-")
        ]

    def _all(self, operation: str, member: str, key: str, **options: str) -> list[str]:
        pages = self._sagemaker.get_paginator(operation).paginate(**options)
        return [item[key] for page in pages for item in page[member]]

    def _streams(self, group: str, prefix: str) -> Iterator[str]:
        options = {"logStreamNamePrefix": prefix} if prefix else {}
        pages = self._logs.get_paginator("describe_log_streams").paginate(
            logGroupName=group, **options
        )
        try:
            found = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return
            raise
        yield from found

    def _group_exists(self, group: str) -> bool:
        answer = self._logs.describe_log_groups(logGroupNamePrefix=group)
        return any(item["logGroupName"] == group for item in answer["logGroups"])

    def _wait(self, what: str, is_done: Callable[[], bool]) -> None:
        deadline = self._now() + _END_SECONDS
        while not is_done():
            if self._now() > deadline:
                raise OperatorError(
                    f"{what} has not ended in {_END_SECONDS:.0f} s; run this again later"
                )
            self._sleep(0.5)
