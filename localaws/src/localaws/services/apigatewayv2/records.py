"""An HTTP API with everything that belongs to it, in the shapes of botocore."""

from __future__ import annotations

import copy
import secrets
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from localaws.core.context import ACCOUNT_ID, Context

Record = dict[str, Any]
"""What a Get operation answers."""

DEFAULT_STAGE: Final = "$default"
_GLOBAL: Final = "aws-global"
_ID_CHARACTERS: Final = string.ascii_lowercase + string.digits


def new_id(length: int = 7) -> str:
    """An id as API Gateway makes them."""
    # Stages cannot have such a name by accident: the first character is a letter.
    first = secrets.choice(string.ascii_lowercase)
    return first + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(length - 1))


@dataclass(frozen=True)
class Snapshot:
    """The configuration of an API when it was deployed. Later changes of the API do not change it."""

    routes: tuple[Mapping[str, Any], ...]
    integrations: Mapping[str, Mapping[str, Any]]
    authorizers: Mapping[str, Mapping[str, Any]]
    cors: Mapping[str, Any] | None


@dataclass
class Deployment:
    """A deployment, which one or more stages serve."""

    record: Record
    snapshot: Snapshot


@dataclass
class Stage:
    """A stage. One with AutoDeploy gets a deployment of its own after each change of the API."""

    record: Record
    is_stale: bool = True
    """Whether the API has changed since the last automatic deployment."""

    @property
    def name(self) -> str:
        """The name of the stage."""
        return str(self.record["StageName"])


@dataclass
class Api:
    """An API. Its table's lock protects it."""

    record: Record
    region: str
    account_id: str
    lock: threading.RLock
    routes: dict[str, Record] = field(default_factory=dict)
    integrations: dict[str, Record] = field(default_factory=dict)
    authorizers: dict[str, Record] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id, which is part of the address of the API."""
        return str(self.record["ApiId"])

    def changed(self) -> None:
        """Say that routes, integrations, authorizers or the API itself have changed."""
        for stage in self.stages.values():
            stage.is_stale = True

    def deploy(self, now: datetime, *, automatic: bool, description: str | None = None) -> str:
        """Deploy the API as it is now; returns the id of the deployment."""
        record: Record = {
            "AutoDeployed": automatic,
            "CreatedDate": now,
            "DeploymentId": new_id(6),
            "DeploymentStatus": "DEPLOYED",
        }
        if description is not None:
            record["Description"] = description
        routes, integrations, authorizers, cors = copy.deepcopy(
            (
                tuple(self.routes.values()),
                self.integrations,
                self.authorizers,
                self.record.get("CorsConfiguration"),
            )
        )
        snapshot = Snapshot(routes, integrations, authorizers, cors)
        self.deployments[record["DeploymentId"]] = Deployment(record, snapshot)
        return str(record["DeploymentId"])

    def refresh(self, stage: Stage, now: datetime) -> Stage:
        """Deploy the API to a stage with AutoDeploy, if it has changed since the last time."""
        with self.lock:
            if stage.record.get("AutoDeploy") and stage.is_stale:
                before = self.deployments.get(stage.record.get("DeploymentId", ""))
                made = self.deploy(now, automatic=True, description=_AUTOMATIC)
                stage.record["DeploymentId"] = made
                stage.record["LastDeploymentStatusMessage"] = (
                    f"Successfully deployed stage with deployment ID '{made}'"
                )
                stage.is_stale = False
                if before and before.record["AutoDeployed"]:
                    self.deployments.pop(before.record["DeploymentId"], None)
        return stage

    def deployed(self, stage: Stage, now: datetime) -> Deployment | None:
        """What a stage serves; None for a stage without a deployment."""
        with self.lock:
            self.refresh(stage, now)
            return self.deployments.get(stage.record.get("DeploymentId", ""))


_AUTOMATIC: Final = "Automatic deployment triggered by changes to the Api configuration"


class ApiTable:
    """The APIs of the account, in every region."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._apis: dict[str, Api] = {}

    def add(self, record: Record, region: str) -> Api:
        """Keep a new API."""
        with self.lock:
            api = Api(record, region, ACCOUNT_ID, self.lock)
            self._apis[api.id] = api
        return api

    def find(self, api_id: str) -> Api | None:
        """The API with an id, in any region."""
        with self.lock:
            return self._apis.get(api_id)

    def of_region(self, region: str) -> list[Api]:
        """The APIs of a region."""
        with self.lock:
            return [api for api in self._apis.values() if api.region == region]

    def remove(self, api_id: str) -> None:
        """Forget an API."""
        with self.lock:
            self._apis.pop(api_id, None)


def api_table(context: Context) -> ApiTable:
    """The table of the account, from the context of any region."""
    return context.shared_objects.get(ApiTable, ACCOUNT_ID, _GLOBAL)
