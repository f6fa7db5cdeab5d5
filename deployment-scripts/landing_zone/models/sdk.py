"""A training by hand with SageMaker's Python SDK, version 3, which is installed in .sagemaker only."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import Model, ModelPackageGroup, ProcessingJob
from sagemaker.core.shapes import shapes
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig
from sagemaker.train import ModelTrainer

from landing_zone.models.hand_run import JOB_CODE, HandRun

# The SDK reports its use to AWS unless it is told not to.
_CONFIG = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}
_VOLUME_GB = 30


@dataclass(frozen=True)
class Registered:
    """What came of a training by hand."""

    training_job: str
    model_package_arn: str


class HandTraining:
    """Preprocess, train, evaluate, register: the jobs of the training machine, started from this process."""

    def __init__(self, run: HandRun, say: Callable[[str], None] = print) -> None:
        self._run = run
        self._say = say
        # The SDK would ask IAM whether the role may do everything that any training could need.
        os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"
        self._boto = boto3.Session(region_name=run.region)
        self._session = Session(boto_session=self._boto, sagemaker_config=_CONFIG)
        self._tags = [shapes.Tag(key=key, value=value) for key, value in run.tags.items()]

    def train(self, read: Callable[[str], Mapping[str, Any]]) -> Registered:
        """Run the jobs; `read` returns the JSON under a key of the workflow bucket."""
        run = self._run
        self._process("preprocess")
        job = self._fit()
        model_data = job.model_artifacts.s3_model_artifacts
        self._process("evaluate", model_data)
        evaluation = read(run.evaluation_key)
        arn = self._register(job.training_job_name, model_data, evaluation)
        return Registered(job.training_job_name, arn)

    def _process(self, step: str, model_data: str = "") -> None:
        run = self._run
        inputs, outputs = run.processing(step, model_data)
        name = f"{run.name}-{step}-{run.run_id}"
        self._say(f"processing job {name}")
        job = ProcessingJob.create(
            session=self._boto,
            processing_job_name=name,
            role_arn=run.role,
            app_specification=shapes.AppSpecification(
                image_uri=run.image, container_entrypoint=["python3", f"{JOB_CODE}/{step}.py"]
            ),
            environment={"CODE_VERSION": run.code_version},
            processing_resources=shapes.ProcessingResources(
                cluster_config=shapes.ProcessingClusterConfig(
                    instance_count=1,
                    instance_type=run.instance_type,
                    volume_size_in_gb=_VOLUME_GB,
                    volume_kms_key_id=run.kms_key,
                )
            ),
            processing_inputs=[_input(name, uri) for name, uri in inputs.items()],
            processing_output_config=shapes.ProcessingOutputConfig(
                outputs=[_output(name, uri) for name, uri in outputs.items()],
                kms_key_id=run.kms_key,
            ),
            network_config=shapes.NetworkConfig(enable_network_isolation=True),
            stopping_condition=shapes.ProcessingStoppingCondition(max_runtime_in_seconds=14400),
            tags=self._tags,
        )
        # Raises with the reason where the job fails.
        job.wait(poll=2)

    def _fit(self) -> Any:
        run = self._run
        trainer = ModelTrainer(
            sagemaker_session=self._session,
            training_image=run.image,
            role=run.role,
            base_job_name=f"{run.name}-train",
            compute=Compute(
                instance_type=run.instance_type,
                instance_count=1,
                volume_size_in_gb=_VOLUME_GB,
                volume_kms_key_id=run.kms_key,
            ),
            hyperparameters=run.hyperparameters,
            environment=run.training_environment,
            output_data_config=OutputDataConfig(
                s3_output_path=f"{run.folder}/training/", kms_key_id=run.kms_key
            ),
            stopping_condition=shapes.StoppingCondition(max_runtime_in_seconds=86400),
            tags=self._tags,
        )
        channels = [
            InputData(channel_name=name, data_source=uri, content_type=kind)
            for name, (uri, kind) in run.channels.items()
        ]
        trainer.train(input_data_config=channels, wait=False, logs=False)
        job = trainer._latest_training_job
        self._say(f"training job {job.training_job_name}")
        job.wait(poll=2, logs=False)
        job.refresh()
        return job

    def _register(self, training_job: str, model_data: str, evaluation: Mapping[str, Any]) -> str:
        run = self._run
        model = f"{run.name}-model-{run.run_id}"
        Model.create(
            session=self._boto,
            model_name=model,
            execution_role_arn=run.role,
            primary_container=shapes.ContainerDefinition(
                image=run.image,
                model_data_url=model_data,
                environment=run.model_environment(evaluation),
            ),
            enable_network_isolation=True,
            tags=self._tags,
        )
        known = {
            group.model_package_group_name
            for group in ModelPackageGroup.get_all(session=self._boto)
        }
        if run.group not in known:
            ModelPackageGroup.create(session=self._boto, model_package_group_name=run.group)
        # ModelPackage.create of the SDK takes the specification of a model card, which has no environment.
        package = self._session.sagemaker_client.create_model_package(
            ModelPackageGroupName=run.group,
            ModelPackageDescription=f"Trained by hand: {run.run_id}",
            ModelApprovalStatus="PendingManualApproval",
            **run.package(model_data, evaluation),
            CustomerMetadataProperties=run.properties(training_job, model, evaluation),
        )
        return str(package["ModelPackageArn"])


def _input(name: str, uri: str) -> Any:
    return shapes.ProcessingInput(
        input_name=name,
        s3_input=shapes.ProcessingS3Input(
            s3_uri=uri,
            local_path=f"/opt/ml/processing/input/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
        ),
    )


def _output(name: str, uri: str) -> Any:
    return shapes.ProcessingOutput(
        output_name=name,
        s3_output=shapes.ProcessingS3Output(
            s3_uri=uri, local_path=f"/opt/ml/processing/output/{name}", s3_upload_mode="EndOfJob"
        ),
    )
