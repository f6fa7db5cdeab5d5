"""What runs of the pipeline leave behind and Terraform does not know: running builds, logs, state, locks."""

from __future__ import annotations

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code
from landing_zone.core.names import Names
from landing_zone.delivery.names import CicdNames
from landing_zone.runs.logs import log_groups
from landing_zone.runs.run import ENDING
from landing_zone.stack.deletion import delete_bucket, empty_bucket

_ABSENT = {"PipelineNotFoundException", "NoSuchBucket", "404"}


class PipelineResources:
    """Stops and removes what belongs to the pipeline of one deployment."""

    def __init__(self, aws: Clients, names: Names) -> None:
        self._aws = aws
        self._names = names
        self._cicd = CicdNames(names)

    def stop_runs(self) -> None:
        """Stop every run and every build, so that nothing is made during the removal."""
        api = self._aws.client("codepipeline")
        try:
            listed = api.list_pipeline_executions(pipelineName=self._cicd.pipeline)
        except ClientError as error:
            if error_code(error) not in _ABSENT:
                raise
            listed = {"pipelineExecutionSummaries": []}
        for run in listed["pipelineExecutionSummaries"]:
            if run["status"] not in ENDING:
                api.stop_pipeline_execution(
                    pipelineName=self._cicd.pipeline,
                    pipelineExecutionId=run["pipelineExecutionId"],
                    abandon=True,
                    reason="the pipeline is being destroyed",
                )
                print(f"stopped run {run['pipelineExecutionId']}")
        self._stop_builds()

    def empty_artifacts(self) -> None:
        """Terraform could delete the bucket only when it is empty."""
        count = empty_bucket(
            self._aws.client("s3"), self._cicd.artifact_bucket, self._names.account
        )
        print(f"emptied {self._cicd.artifact_bucket}: {count} versions")

    def remove_logs(self) -> None:
        """A build that ended after Terraform had deleted its log group makes it again."""
        api = self._aws.client("logs")
        for group in log_groups(api, self._cicd.log_groups):
            api.delete_log_group(logGroupName=group)
            print(f"deleted log group {group}")

    def remove_state(self, key: str, *, last: bool) -> None:
        """Remove the state of cicd/ with its lock; the bucket too when the deployment is gone."""
        s3, bucket = self._aws.client("s3"), self._names.state_bucket
        if last:
            if delete_bucket(s3, bucket, self._names.account):
                print(f"deleted {bucket}")
            return
        empty_bucket(s3, bucket, self._names.account, key.rsplit("/", 1)[0] + "/")
        print(
            f"kept {bucket}: it holds the state of the deployment, which quick-destroy.sh removes"
        )

    def _stop_builds(self) -> None:
        api = self._aws.client("codebuild")
        names = [
            name
            for page in api.get_paginator("list_projects").paginate()
            for name in page["projects"]
            if name.startswith(f"{self._cicd.prefix}-")
        ]
        for name in names:
            ids = api.list_builds_for_project(projectName=name).get("ids", [])[:20]
            builds = api.batch_get_builds(ids=ids)["builds"] if ids else []
            for build in builds:
                if not build.get("buildComplete"):
                    api.stop_build(id=build["id"])
                    print(f"stopped build {build['id']}")
