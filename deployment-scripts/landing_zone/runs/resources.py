"""What runs have made outside of Terraform: jobs, endpoints, models and their logs; stopped and deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code, find_endpoint
from landing_zone.core.errors import OperatorError
from landing_zone.runs import logs
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.rollouts import ALARM_INFIX
from landing_zone.runs.run import ENDING

_ABSENT = {"ResourceNotFound", "ResourceNotFoundException", "PipelineNotFoundException"}
_END_SECONDS = 600.0
# The kinds of jobs as the API names them, and their log groups.
_JOBS = {
    "Processing": logs.PROCESSING_JOBS,
    "Training": logs.TRAINING_JOBS,
    "Transform": logs.TRANSFORM_JOBS,
}


class RunResources:
    """Removes the resources of one deployment, known by the prefix of their names or by their role."""

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
        self._cloudwatch = aws.client("cloudwatch")
        self._prefix = prefix
        self._say = say
        self._now = now
        self._sleep = sleep
        # Log group and name of each job.
        self.jobs: list[tuple[str, str]] = []

    def stop_runs(self, pipeline: Pipeline) -> None:
        """Stop every unfinished run, so that none makes new resources during the removal."""
        try:
            unfinished = [item for item in pipeline.executions() if item["status"] not in ENDING]
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return
            raise
        for item in unfinished:
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
        """Stop the jobs that run under the deployment's role and wait until they have ended."""
        for kind, group in _JOBS.items():
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

    def remove_rollout_alarms(self) -> None:
        """Delete the alarms that guarded the rollouts to the endpoints of this prefix."""
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=f"{self._prefix}-", AlarmTypes=["MetricAlarm"]
        )
        names = [
            alarm["AlarmName"]
            for page in pages
            for alarm in page["MetricAlarms"]
            if ALARM_INFIX in alarm["AlarmName"]
        ]
        # DeleteAlarms takes at most 100 names.
        for start in range(0, len(names), 100):
            self._cloudwatch.delete_alarms(AlarmNames=names[start : start + 100])
        if names:
            self._say(f"deleted {len(names)} alarms of rollouts")

    def remove_models(self, role_arn: str) -> None:
        """Delete the models of the deployment's role, their endpoint configurations and model packages."""
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

    def remove_logs(self, stack_groups: Iterable[str] = ()) -> None:
        """Delete the log streams of this deployment's jobs and the log groups of its endpoints.

        The log groups of jobs belong to the whole account and are deleted only when they are empty. Those of
        the stack exist only if something wrote to one after Terraform had deleted it.
        """
        for group, name in self.jobs:
            for stream in self._streams(group, f"{name}/"):
                self._logs.delete_log_stream(logGroupName=group, logStreamName=stream)
        for group in {group for group, _ in self.jobs}:
            if not self._streams(group) and group in logs.log_groups(self._logs, group):
                self._logs.delete_log_group(logGroupName=group)
        own = logs.log_groups(self._logs, f"{logs.ENDPOINTS}{self._prefix}-")
        own += [group for group in stack_groups if group in logs.log_groups(self._logs, group)]
        for group in own:
            self._logs.delete_log_group(logGroupName=group)
            self._say(f"deleted log group {group}")

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
        except ClientError as error:
            # It has ended, or somebody else has stopped it.
            if error_code(error) != "ValidationException":
                raise
        describe = getattr(self._sagemaker, f"describe_{kind.lower()}_job")
        ended = {"Completed", "Failed", "Stopped"}
        self._wait(f"job {name}", lambda: describe(**key)[f"{kind}JobStatus"] in ended)
        self._say(f"stopped job {name}")

    def _endpoint_gone(self, name: str) -> bool:
        return find_endpoint(self._sagemaker, name) is None

    def _names(self, operation: str, member: str, key: str) -> list[str]:
        return [
            name
            for name in self._all(operation, member, key, NameContains=self._prefix)
            if name.startswith(f"{self._prefix}-")
        ]

    def _all(self, operation: str, member: str, key: str, **options: str) -> list[str]:
        pages = self._sagemaker.get_paginator(operation).paginate(**options)
        return [item[key] for page in pages for item in page[member]]

    def _streams(self, group: str, prefix: str = "") -> list[str]:
        try:
            return logs.log_streams(self._logs, group, prefix)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return []
            raise

    def _wait(self, what: str, is_done: Callable[[], bool]) -> None:
        deadline = self._now() + _END_SECONDS
        while not is_done():
            if self._now() > deadline:
                raise OperatorError(
                    f"{what} has not ended in {_END_SECONDS:.0f} s: run this command again later"
                )
            self._sleep(0.5)
