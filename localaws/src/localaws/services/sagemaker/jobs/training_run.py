"""The work of one training job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from localaws.core.context import Context
from localaws.services.sagemaker.container import exits, s3_data
from localaws.services.sagemaker.container.archive import make_tar_gz
from localaws.services.sagemaker.container.log_lines import JobLog
from localaws.services.sagemaker.container.process import Ending, Exit
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import ExitError
from localaws.services.sagemaker.images.catalog import ImageCatalog
from localaws.services.sagemaker.images.launch import Image, Launch, TrainingSetup
from localaws.services.sagemaker.jobs.container_run import run_container
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import WorkResult
from localaws.services.sagemaker.jobs.status import SecondaryStatus

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_DIRECTORIES = (
    "/opt/ml/input/config",
    "/opt/ml/input/data",
    "/opt/ml/model",
    "/opt/ml/output/data",
)


def model_uri(job: JobRecord) -> str:
    """``<S3OutputPath>/<job>/output/model.tar.gz``."""
    output = job.request["OutputDataConfig"]
    name = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    return f"{s3_data.join_uri(output['S3OutputPath'], job.name, 'output')}/{name}"


class TrainingRun:
    """Channels from S3, the container, model.tar.gz and output.tar.gz to S3."""

    def __init__(self, context: Context, images: ImageCatalog) -> None:
        self._context = context
        self._images = images

    def __call__(self, job: JobRecord, sandbox: Sandbox) -> WorkResult:
        """Run the job."""
        request = job.request
        image = self._images.pull(
            request["AlgorithmSpecification"]["TrainingImage"], request["RoleArn"]
        )
        s3 = self._context.client("s3", request["RoleArn"])
        for directory in _DIRECTORIES:
            sandbox.make(directory)
        job.stop.check()
        job.started = job.now()
        job.enter(SecondaryStatus.DOWNLOADING)
        self._download(s3, job, sandbox)
        launch = self._launch(s3, job, sandbox, image)
        job.stop.check()
        job.enter(SecondaryStatus.TRAINING)
        ended = self._train(job, sandbox, image, launch)
        job.enter(SecondaryStatus.UPLOADING)
        has_model = any(sandbox.host("/opt/ml/model").iterdir())
        if has_model or ended.ending is Ending.BY_ITSELF:
            self._upload_model(s3, job, sandbox)
        return WorkResult(ended.ending)

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
        stream = f"{job.name}/algo-1-{int(self._context.clock.now().timestamp())}"
        metrics = job.request["AlgorithmSpecification"].get("MetricDefinitions", [])
        log = JobLog(self._context, LOG_GROUP, stream, metrics)
        try:
            ended = run_container(
                self._context, job, sandbox, launch, log.line,
                isolated=job.request.get("EnableNetworkIsolation", False),
                variables={"TRAINING_JOB_NAME": job.name, "TRAINING_JOB_ARN": job.arn},
            )  # fmt: skip
        finally:
            log.close()
        if log.final_metrics:
            job.results["FinalMetricDataList"] = log.final_metrics
        self._upload_output(job, sandbox)
        if ended.ending is Ending.BY_ITSELF and ended.code != 0:
            text = exits.failure_text(sandbox.host("/opt/ml/output/failure"))
            text = text or image.training_failure(launch, ended.code, log.tail)
            raise ExitError(exits.algorithm_reason(text, ended.code))
        return ended

    def _upload_output(self, job: JobRecord, sandbox: Sandbox) -> None:
        """output.tar.gz: the contents of /opt/ml/output/data, of a job that failed too."""
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
        uri, output = model_uri(job), job.request["OutputDataConfig"]
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
