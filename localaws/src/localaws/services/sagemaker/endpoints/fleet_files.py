"""The files that the containers of a fleet start with."""

from __future__ import annotations

import shutil
import uuid

from localaws.core.context import Context
from localaws.services.sagemaker.errors import ModelDataChangedError, RequestError, WorkloadError
from localaws.services.sagemaker.serving.files import ContainerFiles, download_files
from localaws.services.sagemaker.serving.plan import ContainerPlan, ServingPlan


class FleetFiles:
    """Downloads the model of each variant once.

    All instances have the same files, and a restarted one serves those that the fleet started with.
    """

    def __init__(self, context: Context, endpoint_name: str) -> None:
        self._context = context
        self._directory = context.work_dir / "fleets" / f"{endpoint_name}-{uuid.uuid4().hex[:8]}"
        self._files: dict[str, list[ContainerFiles]] = {}

    def of(self, variant: str, plan: ServingPlan) -> list[ContainerFiles]:
        """The files of each container of a variant's model.

        Raises:
            WorkloadError: the text is the endpoint's FailureReason.
        """
        if variant not in self._files:
            self._files[variant] = [self._download(part, variant) for part in plan.containers]
        return self._files[variant]

    def remove(self) -> None:
        """Delete them."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _download(self, plan: ContainerPlan, variant: str) -> ContainerFiles:
        try:
            return download_files(self._context, plan, self._directory / variant / plan.name)
        except ModelDataChangedError:
            raise
        except RequestError as error:
            uri = plan.data.uri if plan.data else None
            raise WorkloadError(
                f"Failed to download model data for production variant {variant} from URL: "
                f'"{uri}". Please ensure that there is an object located at the URL and that '
                f"the role passed to CreateModel has permissions to download the model. {error}"
            ) from error
