"""Models: an image, its files and its environment under a name."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.ecr.pushed_images import ImageError
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.container.s3_data import split_uri
from localaws.services.sagemaker.events import publish_simple
from localaws.services.sagemaker.images.catalog import ImageCatalog
from localaws.services.sagemaker.images.launch import Image
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.model_containers import (
    check_container,
    container_names,
    read_containers,
    refuse,
)
from localaws.services.sagemaker.model_packages import ModelPackages
from localaws.services.sagemaker.roles import check_role
from localaws.services.sagemaker.serving.model_data import model_data_of
from localaws.services.sagemaker.serving.plan import ContainerPlan, ServingPlan
from localaws.services.sagemaker.store import Record, Store, Table, tag_map

_ECHOED = (
    "ModelName", "PrimaryContainer", "Containers", "ExecutionRoleArn", "VpcConfig",
    "InferenceExecutionConfig",
)  # fmt: skip


class Models:
    """CreateModel, its siblings, and how a model is served."""

    def __init__(
        self, context: Context, store: Store, images: ImageCatalog, packages: ModelPackages
    ) -> None:
        self._context = context
        self._store = store
        self._table: Table[Record] = store.table("model")
        self._images = images
        self._packages = packages

    @operation
    def create_model(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check what AWS checks when it creates a model: role, image, model data, package."""
        name = params["ModelName"]
        arn = self._table.arn(name)
        if params.get("ExecutionRoleArn"):
            check_role(self._context, params["ExecutionRoleArn"])
        plan = self._plan(params)
        for container in plan.containers:
            if container.data is not None and not container.data.is_prefix:
                self._check_model_data(container.data.uri, container.role_arn)
        now = self._store.now()
        with self._store.lock:
            self._table.require_free(name)
            model = Record(name, arn, params, now, now, tag_map(params.get("Tags")))
            self._table.put(model)
        publish_simple(self._context, "Model", self.describe_model(params), arn, model.tags)
        return {"ModelArn": arn}

    @operation
    def describe_model(self, params: dict[str, Any]) -> dict[str, Any]:
        """What CreateModel was given."""
        model = self._table.find(params["ModelName"])
        return {
            **model.echo(_ECHOED),
            "ModelArn": model.arn,
            "CreationTime": model.created,
            "EnableNetworkIsolation": model.request.get("EnableNetworkIsolation", False),
        }

    @operation
    def list_models(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, newest first."""
        page, token = list_page("ListModels", self._table.all(), params, descending=True)
        models = [{"ModelName": m.name, "ModelArn": m.arn, "CreationTime": m.created} for m in page]
        return {"Models": models, "NextToken": token}

    @operation
    def delete_model(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a model. Endpoints that serve it continue, as on AWS."""
        self._table.remove(self._table.find(params["ModelName"]).name)
        return {}

    def serving_plan(self, model_name: str) -> ServingPlan:
        """How a model is served, with the contents of its package.

        Raises:
            AwsError: the model does not exist, or its package or image cannot be used any more.
        """
        return self._plan(self._table.find(model_name).request)

    def _plan(self, request: dict[str, Any]) -> ServingPlan:
        containers = read_containers(request)
        names = container_names(containers)
        mode = request.get("InferenceExecutionConfig", {}).get("Mode", "Serial")
        return ServingPlan(
            tuple(
                self._container_plan(request, container, name)
                for name, container in zip(names, containers, strict=True)
            ),
            direct=mode == "Direct" and len(containers) > 1,
            in_vpc="VpcConfig" in request,
        )

    def _container_plan(
        self, request: dict[str, Any], container: dict[str, Any], name: str
    ) -> ContainerPlan:
        container, package_arn = self._with_package(container)
        check_container(container)
        return ContainerPlan(
            image=self._image(container["Image"]),
            data=model_data_of(container, package_arn),
            environment=dict(container.get("Environment", {})),
            role_arn=request.get("ExecutionRoleArn"),
            network_isolation=request.get("EnableNetworkIsolation", False),
            name=name,
        )

    def _with_package(self, container: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """The container with image, files and environment of its model package, and the package's ARN.

        The variables of the container win over those of the package.
        """
        package_name = container.get("ModelPackageName")
        if not package_name:
            if not container.get("Image"):
                raise errors.validation("PrimaryContainer needs Image or ModelPackageName.")
            return container, None
        package = self._packages.describe_model_package({"ModelPackageName": package_name})
        if "InferenceSpecification" not in package:
            raise errors.validation(f"Model package {package_name} has no InferenceSpecification.")
        if package.get("ModelApprovalStatus", "Approved") != "Approved":
            raise errors.validation(
                f"Model package {package['ModelPackageArn']} has the approval status "
                f"{package['ModelApprovalStatus']}. Only an Approved package can become a model."
            )
        specified = package["InferenceSpecification"]["Containers"]
        if len(specified) != 1:
            raise refuse("InferenceSpecification.Containers", len(specified), "Use one container.")
        environment = specified[0].get("Environment", {}) | container.get("Environment", {})
        return {**specified[0], "Environment": environment}, package["ModelPackageArn"]

    def _image(self, uri: str) -> Image:
        try:
            image = self._images.find(uri)
        except ImageError as error:
            raise errors.validation(str(error)) from None
        if image is None:
            raise errors.validation(
                f"Requested image {uri} not found. {self._images.next_step(uri)}"
            )
        return image

    def _check_model_data(self, uri: str, role_arn: str | None) -> None:
        try:
            bucket, key = split_uri(uri)
            self._context.client("s3", role_arn).head_object(Bucket=bucket, Key=key)
        except (ClientError, errors.RequestError):
            raise errors.validation(f"Could not find model data at {uri}.") from None
