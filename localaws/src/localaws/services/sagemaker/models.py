"""Models: an image, its files and its environment under a name."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.base import SageMakerBase
from localaws.services.sagemaker.container.s3_data import split_uri
from localaws.services.sagemaker.events import publish_simple
from localaws.services.sagemaker.images import RUNNABLE, find_image
from localaws.services.sagemaker.roles import check_role
from localaws.services.sagemaker.serving.plan import ServingPlan
from localaws.services.sagemaker.store import Record, list_page, tag_map

_KIND = "model"
_ECHOED = (
    "ModelName", "PrimaryContainer", "Containers", "ExecutionRoleArn", "VpcConfig",
    "InferenceExecutionConfig",
)  # fmt: skip


class ModelOperations(SageMakerBase):
    """CreateModel and what belongs to it."""

    @operation
    def create_model(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check what AWS checks when it creates a model: role, image, model data, package."""
        name = params["ModelName"]
        arn = self._arn(_KIND, name)
        container = _only_container(params)
        if params.get("ExecutionRoleArn"):
            check_role(self.context, params["ExecutionRoleArn"])
        self._check_container(self._resolve_container(container), params.get("ExecutionRoleArn"))
        now = self._now()
        with self._store.lock:
            if self._store.table(_KIND).get(name):
                raise errors.validation(f'Cannot create already existing model "{arn}".')
            model = Record(name, arn, params, now, now, tag_map(params.get("Tags")))
            self._store.table(_KIND).put(model)
        publish_simple(self.context, "Model", self.describe_model(params), arn, model.tags)
        return {"ModelArn": arn}

    @operation
    def describe_model(self, params: dict[str, Any]) -> dict[str, Any]:
        """What CreateModel was given."""
        model = self._model(params["ModelName"])
        return {
            **{key: model.request[key] for key in _ECHOED if key in model.request},
            "ModelArn": model.arn,
            "CreationTime": model.created,
            "EnableNetworkIsolation": model.request.get("EnableNetworkIsolation", False),
        }

    @operation
    def list_models(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, newest first."""
        page, token = list_page(self._store.table(_KIND).all(), params, descending=True)
        models = [{"ModelName": m.name, "ModelArn": m.arn, "CreationTime": m.created} for m in page]
        return {"Models": models, "NextToken": token}

    @operation
    def delete_model(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a model. Endpoints that serve it go on, as on AWS."""
        self._store.table(_KIND).remove(self._model(params["ModelName"]).name)
        return {}

    def _model(self, name: str) -> Record:
        model: Record | None = self._store.table(_KIND).get(name)
        if model is None:
            raise errors.validation(f'Could not find model "{self._arn(_KIND, name)}".')
        return model

    def _serving_plan(self, model_name: str) -> ServingPlan:
        """How a model is served, with its package resolved."""
        model = self._model(model_name)
        container = self._resolve_container(_only_container(model.request))
        return ServingPlan(
            image_uri=container["Image"],
            model_uri=container.get("ModelDataUrl"),
            model_source=container.get("ModelDataSource", {}).get("S3DataSource"),
            environment=dict(container.get("Environment", {})),
            role_arn=model.request.get("ExecutionRoleArn"),
            network_isolation=model.request.get("EnableNetworkIsolation", False),
        )

    def _resolve_container(self, container: dict[str, Any]) -> dict[str, Any]:
        """The container with image, files and environment of its model package; its own variables win."""
        package_name = container.get("ModelPackageName")
        if not package_name:
            if not container.get("Image"):
                raise errors.validation("PrimaryContainer needs Image or ModelPackageName.")
            return container
        package = self.describe_model_package({"ModelPackageName": package_name})  # type: ignore[attr-defined]
        if "InferenceSpecification" not in package:
            raise errors.validation(f"Model package {package_name} has no InferenceSpecification.")
        if package.get("ModelApprovalStatus", "Approved") != "Approved":
            raise errors.validation(
                f"Model package {package['ModelPackageArn']} has the approval status "
                f"{package['ModelApprovalStatus']}. Only an Approved package can become a model."
            )
        specified = package["InferenceSpecification"]["Containers"]
        if len(specified) != 1:
            raise _refuse("InferenceSpecification.Containers", len(specified), "Use one container.")
        environment = specified[0].get("Environment", {}) | container.get("Environment", {})
        return {**specified[0], "Environment": environment}

    def _check_container(self, container: dict[str, Any], role_arn: str | None) -> None:
        if find_image(container["Image"], self.context.account_id, self.context.region) is None:
            runnable = RUNNABLE.format(account=self.context.account_id, region=self.context.region)
            raise errors.validation(f"Requested image {container['Image']} not found. {runnable}")
        for member in ("AdditionalModelDataSources", "MultiModelConfig"):
            if container.get(member):
                raise _refuse(member, container[member], "Leave it out.")
        if container.get("Mode", "SingleModel") != "SingleModel":
            raise _refuse("Mode", container["Mode"], "Use SingleModel.")
        if container.get("ModelDataUrl"):
            self._check_model_data(container["ModelDataUrl"], role_arn)

    def _check_model_data(self, uri: str, role_arn: str | None) -> None:
        try:
            bucket, key = split_uri(uri)
            self.context.client("s3", role_arn).head_object(Bucket=bucket, Key=key)
        except (ClientError, errors.RequestError):
            raise errors.validation(f"Could not find model data at {uri}.") from None


def _only_container(request: dict[str, Any]) -> dict[str, Any]:
    containers = request.get("Containers") or []
    if "PrimaryContainer" in request and containers:
        raise errors.validation("Give either PrimaryContainer or Containers, not both.")
    if len(containers) > 1:
        raise _refuse("Containers", f"{len(containers)} containers", "Use PrimaryContainer.")
    container: dict[str, Any] | None = request.get("PrimaryContainer") or next(
        iter(containers), None
    )
    if container is None:
        raise errors.validation("Give PrimaryContainer or Containers.")
    return container


def _refuse(member: str, value: object, instead: str) -> Exception:
    return errors.feature_not_emulated("CreateModel", member, value, instead)
