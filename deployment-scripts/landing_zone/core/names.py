"""The names of what Terraform builds: one table, read by the scripts that deploy, run and destroy.

tests/terraform/test_apply.py compares it with an applied stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings


class Resource(NamedTuple):
    """The address of a resource in Terraform's state, and the form of its name."""

    address: str
    form: str


_LOG_GROUPS = "aws_cloudwatch_log_group.this"
_STATE_MACHINE = "aws_sfn_state_machine.this"

# Everything of these kinds that the stack has: quick-destroy.sh empties, stops or deletes it.
RESOURCES = {
    "artifact_bucket": Resource(
        'module.storage.aws_s3_bucket.this["artifact"]', "{prefix}-{account}-artifact-bucket"
    ),
    "source_bucket": Resource(
        'module.storage.aws_s3_bucket.this["source"]', "{prefix}-{account}-source-bucket"
    ),
    "workflow_bucket": Resource(
        'module.storage.aws_s3_bucket.this["workflow"]', "{prefix}-{account}-workflow-bucket"
    ),
    "image_repository": Resource(
        "module.image_repository.aws_ecr_repository.this", "{prefix}-workflow"
    ),
    "pipeline": Resource("module.ml_pipeline.aws_codepipeline.this", "{prefix}-ml-pipeline"),
    "deploy_machine": Resource(
        f'module.ml_workflow.module.machine["deploy"].{_STATE_MACHINE}', "{prefix}-deploy"
    ),
    "inference_machine": Resource(
        f'module.ml_workflow.module.machine["inference"].{_STATE_MACHINE}', "{prefix}-inference"
    ),
    "training_machine": Resource(
        f'module.ml_workflow.module.machine["training"].{_STATE_MACHINE}', "{prefix}-training"
    ),
    "drift_machine": Resource(
        f"module.monitoring.module.machine.{_STATE_MACHINE}", "{prefix}-drift"
    ),
    "create_schema_logs": Resource(
        f'module.manifest.module.function["create_schema"].{_LOG_GROUPS}',
        "/aws/lambda/{prefix}-create-schema",
    ),
    "plan_deployment_logs": Resource(
        f'module.deployment.module.function["plan_deployment"].{_LOG_GROUPS}',
        "/aws/lambda/{prefix}-plan-deployment",
    ),
    "test_endpoint_logs": Resource(
        f'module.deployment.module.function["test_endpoint"].{_LOG_GROUPS}',
        "/aws/lambda/{prefix}-test-endpoint",
    ),
    "start_job_logs": Resource(
        f"module.job_package.module.function.{_LOG_GROUPS}", "/aws/lambda/{prefix}-start-job"
    ),
    "find_idle_endpoints_logs": Resource(
        f"module.cost.module.find_idle_endpoints.{_LOG_GROUPS}",
        "/aws/lambda/{prefix}-find-idle-endpoints",
    ),
    "plan_drift_logs": Resource(
        f'module.monitoring.module.function["plan_drift"].{_LOG_GROUPS}',
        "/aws/lambda/{prefix}-plan-drift",
    ),
    "start_retraining_logs": Resource(
        f'module.monitoring.module.function["start_retraining"].{_LOG_GROUPS}',
        "/aws/lambda/{prefix}-start-retraining",
    ),
    "update_schema_logs": Resource(
        f'module.manifest.module.function["update_schema"].{_LOG_GROUPS}',
        "/aws/lambda/{prefix}-update-schema",
    ),
    "infer_logs": Resource(
        f"module.inference_api[0].module.infer.{_LOG_GROUPS}",
        "/aws/lambda/{prefix}-infer",
    ),
    "inference_api_logs": Resource(
        "module.inference_api[0].aws_cloudwatch_log_group.access",
        "/aws/apigateway/{prefix}-inference-api",
    ),
    "deploy_logs": Resource(
        f'module.ml_workflow.module.machine["deploy"].{_LOG_GROUPS}',
        "/aws/vendedlogs/states/{prefix}-deploy",
    ),
    "drift_logs": Resource(
        f"module.monitoring.module.machine.{_LOG_GROUPS}", "/aws/vendedlogs/states/{prefix}-drift"
    ),
    "inference_logs": Resource(
        f'module.ml_workflow.module.machine["inference"].{_LOG_GROUPS}',
        "/aws/vendedlogs/states/{prefix}-inference",
    ),
    "training_logs": Resource(
        f'module.ml_workflow.module.machine["training"].{_LOG_GROUPS}',
        "/aws/vendedlogs/states/{prefix}-training",
    ),
}
# infra/modules/inference_api has it only where inference_api.probe is enabled.
PROBE_LOGS = "/aws/lambda/{prefix}-probe"
# infra/modules/image_repository: the alias of the key that signs images.
SIGNING_KEY = "alias/{prefix}-image-signing"
# Terraform does not build it: it must exist before.
STATE_BUCKET = "{prefix}-{account}-state-bucket"

# Below /{service}/{stage}/ in SSM.
SAGEMAKER_ROLE_PARAMETER = "sagemaker_role_arn"
INFERENCE_API_PARAMETER = "inference_api_url"

# infra/modules/ml_pipeline: what starts a run, its variables, approvals and output artifacts.
MANIFEST_KEY = "config/manifest.json"
SOURCE_ACTION = "UploadManifest"
FROM_MANIFEST = "from-manifest"
UPLOAD_DATA = "UploadSourceData"
APPROVE_MODEL = "ApproveModel"
UPLOAD_INFERENCE_DATA = "UploadInferenceDataConfirmation"
# The newest first: each holds all that is in the ones after it.
MANIFEST_ARTIFACTS = ("InferenceResult", "InferenceManifest", "TrainingResult", "TrainingManifest")

# The endpoints of a use case.
DEV, PROD = "dev", "prod"
TARGETS = (DEV, PROD)


@dataclass(frozen=True)
class Names:
    """The names of one deployment."""

    settings: Settings
    account: str

    def of(self, resource: str) -> str:
        """The name of a resource of the table."""
        return self._fill(RESOURCES[resource].form)

    @property
    def state_bucket(self) -> str:
        """The bucket of the Terraform state."""
        name = self.settings.state_bucket or self._fill(STATE_BUCKET)
        if len(name) > 63:
            raise OperatorError(
                f"the state bucket's name {name} has {len(name)} characters, S3 allows 63: "
                "shorten SERVICE or set STATE_BUCKET"
            )
        return name

    @property
    def signing_key(self) -> str:
        """The alias of the key that signs what an image is made of."""
        return self._fill(SIGNING_KEY)

    @property
    def state_machine_arns(self) -> list[str]:
        """The state machines, training first."""
        machines = ("training_machine", "inference_machine", "deploy_machine", "drift_machine")
        return [self._machine_arn(name) for name in machines]

    @property
    def drift_machine_arn(self) -> str:
        """The state machine that compares an endpoint with its training."""
        return self._machine_arn("drift_machine")

    @property
    def log_groups(self) -> list[str]:
        """The log groups of the functions, the state machines and the API."""
        names = [self.of(name) for name in RESOURCES if name.endswith("_logs")]
        return [*names, self._fill(PROBE_LOGS)]

    @property
    def sagemaker_role_parameter(self) -> str:
        """The SSM parameter with the ARN of the role of jobs and models."""
        return f"{self.settings.parameter_path}/{SAGEMAKER_ROLE_PARAMETER}"

    def _machine_arn(self, name: str) -> str:
        region = self.settings.region
        start = f"arn:{partition_of(region)}:states:{region}:{self.account}:stateMachine"
        return f"{start}:{self.of(name)}"

    def _fill(self, form: str) -> str:
        return form.format(prefix=self.settings.prefix, account=self.account)


def endpoint_name(prefix: str, use_case: str, target: str) -> str:
    """The endpoint of a target: {prefix}-{use_case} is production, with -dev it is development."""
    return f"{prefix}-{use_case}" + ("" if target == PROD else f"-{target}")


def partition_of(region: str) -> str:
    """aws, aws-cn or aws-us-gov."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
