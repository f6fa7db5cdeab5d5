"""The work of one training job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from localaws.core.context import Context
from localaws.services.sagemaker.container import exits, s3_data
from localaws.services.sagemaker.container.archive import make_tar_gz
from localaws.services.sagemaker.container.environment import container_environment
from localaws.services.sagemaker.container.log_lines import JobLog
from localaws.services.sagemaker.container.process import ContainerProcess, Ending, Exit, run
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import ExitError
from localaws.services.sagemaker.images import image_for_job
from localaws.services.sagemaker.images.launch import Image, Launch, TrainingSetup
from localaws.services.sagemaker.jobs import record as states
from localaws.services.sagemaker.jobs.engine import STOP_GRACE_SECONDS, Outcome
from localaws.services.sagemaker.jobs.record import JobRecord

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_DIRECTORIES = (
    "/opt/ml/input/config",
    "/opt/ml/input/data",
    "/opt/ml/model",
    "/opt/ml/output/data",
)


class TrainingRun:
    """Channels from S3, the container, model.tar.gz and output.tar.gz to S3."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @staticmethod
    def model_uri(job: JobRecord) -> str:
        """``<S3OutputPath>/<job>/output/model.tar.gz``."""
        output = job.request["OutputDataConfig"]
        name = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
        return f"{s3_data.join_uri(output['S3OutputPath'], job.name, 'output')}/{name}"

    def __call__(self, job: JobRecord, sandbox: Sandbox) -> Outcome:
        """Run the job. Raises JobError for Failed and HaltedError for Stopped."""
        request = job.request
        image = image_for_job(
            request["AlgorithmSpecification"]["TrainingImage"],
            self._context.account_id, self._context.region, request["RoleArn"],
        )  # fmt: skip
        s3 = self._context.client("s3", request["RoleArn"])
        for directory in _DIRECTORIES:
            sandbox.make(directory)
        job.stop.check()
        job.started = job.now()
        job.enter(states.DOWNLOADING)
        self._download(s3, job, sandbox)
        launch = self._launch(s3, job, sandbox, image)
        job.stop.check()
        job.enter(states.TRAINING)
        ended = self._train(job, sandbox, image, launch)
        job.enter(states.UPLOADING)
        has_model = any(sandbox.host("/opt/ml/model").iterdir())
        if has_model or ended.ending is Ending.BY_ITSELF:
            self._upload_model(s3, job, sandbox)
        return Outcome(ended.ending)

    def _download(self, s3: Any, job: JobRecord, sandbox: Sandbox) -> None:
        for channel in job.request.get("InputDataConfig", []):
            job.stop.check()
            s3_data.download_prefix(
                s3,
                channel["DataSource"]["S3DataSource"]["S3Uri"],
                sandbox.make(f"/opt/ml/input/data/{channel['ChannelName']}"),
                job.request["RoleArn"],
                self._context.region,
                job.stop.check,
            )

    def _launch(self, s3: Any, job: JobRecord, sandbox: Sandbox, image: Image) -> Launch:
        request = job.request
        documents = _config_documents(request)
        for name, document in documents.items():
            path = sandbox.host(f"/opt/ml/input/config/{name}.json")
            path.write_text(json.dumps(document, indent=2), encoding="utf-8")
        algorithm = request["AlgorithmSpecification"]
        if algorithm.get("ContainerEntrypoint"):
            return image.processing(
                algorithm["ContainerEntrypoint"], algorithm.get("ContainerArguments", [])
            )

        def fetch(uri: str, target: Path) -> None:
            s3_data.download_object(s3, *s3_data.split_uri(uri), target)

        return image.training(
            TrainingSetup(
                job_name=job.name,
                hyperparameters=documents["hyperparameters"],
                channels=documents["inputdataconfig"],
                resource_config=documents["resourceconfig"],
                region=self._context.region,
                network_isolation=request.get("EnableNetworkIsolation", False),
                sandbox=sandbox,
                fetch=fetch,
            )
        )

    def _train(self, job: JobRecord, sandbox: Sandbox, image: Image, launch: Launch) -> Exit:
        isolated = job.request.get("EnableNetworkIsolation", False)
        credentials = {} if isolated else self._context.environment(job.request["RoleArn"])
        names = {"TRAINING_JOB_NAME": job.name, "TRAINING_JOB_ARN": job.arn}
        environment = container_environment(
            self._context.work_dir, sandbox.scratch, names, launch.environment, credentials,
            job.request.get("Environment", {}), path=launch.path,
        )  # fmt: skip
        stream = f"{job.name}/algo-1-{int(self._context.clock.now().timestamp())}"
        metrics = job.request["AlgorithmSpecification"].get("MetricDefinitions", [])
        log = JobLog(self._context, LOG_GROUP, stream, metrics)
        try:
            container = ContainerProcess(
                self._context, sandbox,
                sandbox.view(launch.working_directory, isolate_network=isolated),
                launch.argv, environment, log.line,
            )  # fmt: skip
            ended = run(
                container,
                self._context,
                job.stop,
                max_runtime=job.request["StoppingCondition"]["MaxRuntimeInSeconds"],
                grace_seconds=STOP_GRACE_SECONDS,
            )
        finally:
            log.close()
        if log.final_metrics:
            job.facts["FinalMetricDataList"] = log.final_metrics
        self._upload_output(job, sandbox)
        if ended.ending is Ending.BY_ITSELF and ended.code != 0:
            text = exits.failure_text(sandbox.host("/opt/ml/output/failure"))
            text = text or image.training_failure(launch, ended.code, log.tail)
            raise ExitError(exits.algorithm_reason(text, ended.code))
        return ended

    def _upload_output(self, job: JobRecord, sandbox: Sandbox) -> None:
        """output.tar.gz: what the script left in /opt/ml/output/data, also when it failed."""
        data = sandbox.host("/opt/ml/output/data")
        if not data.is_dir() or not any(data.iterdir()):
            return
        archive = sandbox.scratch / "output.tar.gz"
        make_tar_gz(data, archive)
        output = job.request["OutputDataConfig"]
        uri = s3_data.join_uri(output["S3OutputPath"], job.name, "output", "output.tar.gz")
        s3 = self._context.client("s3", job.request["RoleArn"])
        s3_data.upload_file(s3, archive, uri, output.get("KmsKeyId"))

    def _upload_model(self, s3: Any, job: JobRecord, sandbox: Sandbox) -> None:
        uri, output = self.model_uri(job), job.request["OutputDataConfig"]
        model = sandbox.host("/opt/ml/model")
        if output.get("CompressionType") == "NONE":
            s3_data.upload_directory(s3, model, uri, output.get("KmsKeyId"))
            return
        archive = sandbox.scratch / "model.tar.gz"
        make_tar_gz(model, archive)
        s3_data.upload_file(s3, archive, uri, output.get("KmsKeyId"))


def _config_documents(request: dict[str, Any]) -> dict[str, Any]:
    """The three files of /opt/ml/input/config."""
    instance_type = request["ResourceConfig"]["InstanceType"]
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type}
    channels: dict[str, Any] = {}
    for channel in request.get("InputDataConfig", []):
        source = channel["DataSource"]["S3DataSource"]
        channels[channel["ChannelName"]] = {
            "TrainingInputMode": "File",
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": "None",
            **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
        }
    return {
        "hyperparameters": dict(request.get("HyperParameters", {})),
        "inputdataconfig": channels,
        "resourceconfig": {
            "current_host": "algo-1",
            "current_instance_type": instance_type,
            "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"],
            "instance_groups": [{**group, "hosts": ["algo-1"]}],
            "network_interface_name": "eth0",
        },
    }
