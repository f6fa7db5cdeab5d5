"""The operations of IAM on the Git credentials of its users, which moto lacks.

AWS calls them service-specific credentials. Those of CodeCommit are a user name and a password for Git; those
of other services are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException, NotFoundException
from moto.iam.responses import IamResponse

from localaws.core.context import ACCOUNT_ID, Context, ContextFactory
from localaws.core.errors import not_emulated
from localaws.services.git.credentials import (
    SERVICE,
    GitCredential,
    GitCredentials,
    git_credentials,
)
from localaws.services.iam.simulation import SimulationResponse

_MAX_PER_USER: Final = 2


class _LimitExceededError(IAMException):  # type: ignore[misc]  # moto has no types
    code = "LimitExceeded"


class _ValidationError(IAMException):  # type: ignore[misc]  # moto has no types
    code = "ValidationError"


class GitCredentialsResponse(IamResponse):  # type: ignore[misc]  # moto has no types
    """IAM, with service-specific credentials."""

    context: Context

    def create_service_specific_credential(self) -> ActionResult:
        """CreateServiceSpecificCredential."""
        service = self._get_param("ServiceName")
        if service != SERVICE:
            raise _as_iam(
                not_emulated("iam", f"CreateServiceSpecificCredential for {service}").message
            )
        user = self._user()
        if len(self._credentials.of(user)) >= _MAX_PER_USER:
            raise _LimitExceededError(
                f"Cannot exceed quota for ServiceSpecificCredentialsPerUser: {_MAX_PER_USER}"
            )
        created, password = self._credentials.create(user, self.context.clock.now())
        return ActionResult(
            {"ServiceSpecificCredential": _view(created) | {"ServicePassword": password}}
        )

    def list_service_specific_credentials(self) -> ActionResult:
        """ListServiceSpecificCredentials."""
        service = self._get_param("ServiceName")
        found = self._credentials.of(self._user()) if service in {None, SERVICE} else []
        return ActionResult({"ServiceSpecificCredentials": [_view(known) for known in found]})

    def update_service_specific_credential(self) -> ActionResult:
        """UpdateServiceSpecificCredential."""
        credential = self._credential()
        status = self._get_param("Status")
        if status not in {"Active", "Inactive"}:
            raise _ValidationError(f"Status is {status!r}, but must be Active or Inactive")
        credential.status = status
        return ActionResult({})

    def reset_service_specific_credential(self) -> ActionResult:
        """ResetServiceSpecificCredential."""
        credential = self._credential()
        password = self._credentials.reset(credential.id)
        return ActionResult(
            {"ServiceSpecificCredential": _view(credential) | {"ServicePassword": password}}
        )

    def delete_service_specific_credential(self) -> ActionResult:
        """DeleteServiceSpecificCredential."""
        self._credentials.delete(self._credential().id)
        return ActionResult({})

    @property
    def _credentials(self) -> GitCredentials:
        return git_credentials(self.context)

    def _user(self) -> str:
        name = self._get_param("UserName")
        if not name:
            raise _ValidationError(
                "UserName is missing; localaws does not tell it from the access key"
            )
        # Raises NoSuchEntity.
        return str(self.backend.get_user(name).name)

    def _credential(self) -> GitCredential:
        wanted = self._get_param("ServiceSpecificCredentialId")
        found = self._credentials.find(wanted)
        user = self._get_param("UserName")
        if found is None or user not in {None, found.user}:
            raise NotFoundException(f"No such credential {wanted} exists")
        return found


def url_paths(context_factory: ContextFactory) -> dict[str, Callable[..., Any]]:
    """The routes of IAM in moto, led to a class with these operations."""
    context = context_factory(ACCOUNT_ID, "us-east-1", "iam")

    class WithContext(SimulationResponse, GitCredentialsResponse):
        pass

    WithContext.context = context
    return {"{0}/$": WithContext.dispatch}


def _view(credential: GitCredential) -> dict[str, Any]:
    return {
        "CreateDate": credential.created,
        "ServiceName": SERVICE,
        "ServiceUserName": credential.user_name,
        "ServiceSpecificCredentialId": credential.id,
        "UserName": credential.user,
        "Status": credential.status,
    }


def _as_iam(message: str) -> IAMException:
    error = IAMException(message)
    error.code = "NotSupportedService"
    return error
