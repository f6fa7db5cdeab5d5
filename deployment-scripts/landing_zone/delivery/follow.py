"""Follows a run of the pipeline in cicd/, and answers its approval; reads what the endpoint was made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from landing_zone.core.aws import Aws, Clients
from landing_zone.core.deployment import Deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings
from landing_zone.delivery.names import CicdNames
from landing_zone.runs.follow import follow, interval
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import make_progress
from landing_zone.runs.run import Action, Run

PLAN, APPLY = "Plan", "Apply"
_START_SECONDS = 60.0
# What CodeBuild itself writes into the log of a build begins with it.
_OF_CODEBUILD = "[Container] "
_LOG_LINES = 15


class Delivery:
    """The runs of the pipeline in cicd/."""

    def __init__(
        self,
        aws: Clients,
        names: CicdNames,
        settings: Settings,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._aws = aws
        self._api = aws.client("codepipeline")
        self._settings = settings
        self.name = names.pipeline
        # Only the pipeline's name is needed of a deployment.
        self._pipeline = Pipeline(aws, Deployment(names.pipeline, "", "", ""))
        self._now = now
        self._sleep = sleep

    def executions(self) -> set[str]:
        """The ids of the runs so far."""
        return {item["pipelineExecutionId"] for item in self._pipeline.executions()}

    def branch(self) -> str:
        """The branch that the pipeline deploys."""
        stages = self._api.get_pipeline(name=self.name)["pipeline"]["stages"]
        return str(stages[0]["actions"][0]["configuration"]["BranchName"])

    def wait_for_start(self, known: set[str], commit: str) -> str:
        """The run that a push has started."""
        deadline = self._now() + _START_SECONDS
        while self._now() < deadline:
            for item in self._pipeline.executions():
                revisions = [r.get("revisionId", "") for r in item.get("sourceRevisions", [])]
                if item["pipelineExecutionId"] not in known and revisions in ([], [commit]):
                    return str(item["pipelineExecutionId"])
            self._sleep(0.3)
        raise OperatorError(
            f"{self.name} has not started within {_START_SECONDS:.0f} s of the push. A push that changes "
            "nothing but ignored_paths (documentation, for example) starts no run"
        )

    def follow(self, execution: str, *, approve: bool, commit: str) -> Run:
        """Show a run to its end; raise why it failed."""
        with make_progress() as progress:

            def answer(run: Run, _: Action) -> str | None:
                progress.say(f"plan  {self.summary(run.id)}")
                return f"APPROVE=auto: commit {commit[:12]}" if approve else None

            run = follow(
                self._pipeline,
                execution,
                progress,
                seconds=interval(self._settings.is_local),
                approver=answer,
                explain=self._how_to_answer,
            )
        if run.status != "Succeeded":
            raise OperatorError(self._failure(run))
        return run

    def summary(self, execution: str) -> str:
        """What the plan of a run would do, in one line."""
        for attempt in self._attempts(execution):
            if attempt["actionName"] == PLAN:
                variables = attempt.get("output", {}).get("outputVariables", {})
                return str(variables.get("SUMMARY", "")) or "no summary"
        return "there is no plan"

    def stage_seconds(self, run: Run) -> dict[str, float]:
        """How long each stage took, from its first action's start to its last one's end."""
        spans: dict[str, tuple[datetime, datetime]] = {}
        for action in run.actions:
            if action.started and action.ended:
                first, last = spans.get(action.stage, (action.started, action.ended))
                spans[action.stage] = min(first, action.started), max(last, action.ended)
        return {stage: (last - first).total_seconds() for stage, (first, last) in spans.items()}

    def applied_seconds(self, run: Run, started: float) -> float | None:
        """The seconds from a moment to the end of Apply; None where it was skipped."""
        ended = next((a.ended for a in run.actions if a.name == APPLY and a.ended), None)
        if ended is None:
            return None
        return (ended - datetime.fromtimestamp(started, UTC)).total_seconds()

    def log(self, execution: str, action: str) -> list[str]:
        """What the step of an action has printed in its latest attempt."""
        mine = [item for item in self._attempts(execution) if item["actionName"] == action]
        latest = max(mine, key=lambda item: item["startTime"], default={})
        # A source or an approval has an id too, which is not that of a build.
        if latest.get("input", {}).get("actionTypeId", {}).get("provider") != "CodeBuild":
            return []
        build = latest.get("output", {}).get("executionResult", {}).get("externalExecutionId")
        found = self._aws.client("codebuild").batch_get_builds(ids=[build]) if build else {}
        place: dict[str, str] = next((item.get("logs", {}) for item in found.get("builds", [])), {})
        if "streamName" not in place:
            return []
        pages = (
            self._aws.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=place["groupName"], logStreamNames=[place["streamName"]])
        )
        lines = [event["message"].rstrip() for page in pages for event in page["events"]]
        return [line for line in lines if line and not line.startswith(_OF_CODEBUILD)]

    def _attempts(self, execution: str) -> Iterator[dict[str, Any]]:
        pages = self._api.get_paginator("list_action_executions").paginate(
            pipelineName=self.name, filter={"pipelineExecutionId": execution}
        )
        for page in pages:
            yield from page["actionExecutionDetails"]

    def _how_to_answer(self, run: Run, action: Action) -> str:
        return (
            f"waits for {action.name}. Answer with\n"
            f"  aws codepipeline put-approval-result --pipeline-name {self.name} "
            f"--stage-name {action.stage} --action-name {action.name} --token {action.token} "
            "--result status=Approved,summary=..."
        )

    def _failure(self, run: Run) -> str:
        failed = run.failed
        if failed is None:
            return f"run {run.id} of {self.name} ended as {run.status}"
        shown = "\n".join(f"  | {line}" for line in self.log(run.id, failed.name)[-_LOG_LINES:])
        return (
            f"run {run.id} of {self.name} failed in {failed.stage} / {failed.name}:\n  {failed.error}\n"
            + (f"the end of its log:\n{shown}\n" if shown else "")
            + "Push a correction, or retry the stage: "
            f"aws codepipeline retry-stage-execution --pipeline-name {self.name} "
            f"--stage-name {failed.stage} --pipeline-execution-id {run.id} --retry-mode FAILED_ACTIONS"
        )


def lineage(aws: Aws, settings: Settings, commit: str) -> str:
    """What each endpoint was made from, by the model registry; raises when none is of the commit."""
    sagemaker = aws.client("sagemaker")
    packages = {p["Model"]: p for p in _packages(sagemaker, f"{settings.prefix}-")}
    lines = []
    commits = set()
    for endpoint in _all(sagemaker, "list_endpoints", "Endpoints", NameContains=settings.prefix):
        name = endpoint["EndpointName"]
        config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)[
            "ProductionVariants"
        ]
        for variant in variants:
            made = packages.get(variant["ModelName"], {})
            commits.add(made.get("GitCommit", ""))
            lines.append(
                f"endpoint {name}: model {variant['ModelName']}, commit {made.get('GitCommit', 'unknown')}, "
                f"code {made.get('CodeVersion', 'unknown')}, image {made.get('TrainingImage', 'unknown')}"
            )
    if commit not in commits:
        found = ", ".join(sorted(commits)) or "none"
        raise OperatorError(f"no endpoint serves a model of commit {commit}; found: {found}")
    return "\n".join(lines)


def _packages(sagemaker: Any, prefix: str) -> Iterator[dict[str, str]]:
    """What the model registry records of each model."""
    groups = _all(
        sagemaker, "list_model_package_groups", "ModelPackageGroupSummaryList", NameContains=prefix
    )
    for group in groups:
        found = _all(
            sagemaker, "list_model_packages", "ModelPackageSummaryList",
            ModelPackageGroupName=group["ModelPackageGroupName"],
        )  # fmt: skip
        for package in found:
            described = sagemaker.describe_model_package(
                ModelPackageName=package["ModelPackageArn"]
            )
            properties = described.get("CustomerMetadataProperties", {})
            if "Model" in properties:
                yield properties


def _all(api: Any, operation: str, member: str, **options: str) -> Iterator[dict[str, Any]]:
    for page in api.get_paginator(operation).paginate(**options):
        yield from page[member]
