"""SimulatePrincipalPolicy and SimulateCustomPolicy, which moto lacks, decided by the engine.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException, NotFoundException

from localaws.core.context import ACCOUNT_ID
from localaws.services.iam import context_keys, stores
from localaws.services.iam.decision import Decision, Policies, Request, decide
from localaws.services.iam.document import Document, DocumentError, parse
from localaws.services.iam.identities import role_principal, user_principal
from localaws.services.iam.principals import Principal

_SESSION: Final = "simulation"


class _InvalidInputError(IAMException):  # type: ignore[misc]  # moto has no types
    code = "InvalidInput"


class SimulationResponse:
    """The operations, as a base class beside moto's ``IamResponse``."""

    def simulate_principal_policy(self) -> ActionResult:
        """SimulatePrincipalPolicy: the policies of a user, group or role."""
        arn = str(self._param("PolicySourceArn") or "")
        entity, principal = _find(arn)
        if entity is None:
            raise NotFoundException(f"Entity {arn} does not exist or is not attachable.")
        identity = [*stores.identity_policies(entity), *self._documents("PolicyInputList")]
        return self._simulate(principal, identity, stores.boundary(entity))

    def simulate_custom_policy(self) -> ActionResult:
        """SimulateCustomPolicy: the policies in the request."""
        arn = str(self._param("CallerArn") or f"arn:aws:iam::{ACCOUNT_ID}:user/simulation")
        principal = Principal("user", arn, ACCOUNT_ID)
        return self._simulate(principal, self._documents("PolicyInputList"), None)

    def _simulate(
        self, principal: Principal, identity: Sequence[Document], boundary: Document | None
    ) -> ActionResult:
        given = self._documents("PermissionsBoundaryPolicyInputList")
        resource = self._param("ResourcePolicy")
        policies = Policies(
            identity=identity,
            boundary=given[0] if given else boundary,
            resource=[_parsed(str(resource), "resource policy")] if resource else (),
        )
        keys = dict(context_keys.of_principal(principal))
        for entry in self._param("ContextEntries") or []:
            keys[entry["ContextKeyName"].lower()] = list(entry.get("ContextKeyValues", []))
        results = []
        for action in self._param("ActionNames") or []:
            for arn in self._param("ResourceArns") or ["*"]:
                decision = decide(Request(principal, action, arn, keys), policies)
                results.append(_result(action, arn, decision, policies))
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})

    def _documents(self, name: str) -> list[Document]:
        texts: list[str] = self._param(name) or []
        return [_parsed(text, f"{name}.{number}") for number, text in enumerate(texts, 1)]

    def _param(self, name: str) -> Any:
        return self._get_param(name)  # type: ignore[attr-defined]  # moto's


def _parsed(text: str, name: str) -> Document:
    try:
        return parse(text, name)
    except DocumentError as error:
        raise _InvalidInputError(f"{name}: {error}") from error


def _find(arn: str) -> tuple[Any | None, Principal]:
    role = stores.find_role(arn)
    if role is not None:
        return role, role_principal(role, _SESSION)
    user = stores.find_user(arn)
    if user is not None:
        return user, user_principal(user)
    groups = list(stores.iam_backend().groups.values())
    group = next((item for item in groups if item.arn == arn), None)
    return group, Principal("user", arn, ACCOUNT_ID)


def _result(action: str, arn: str, decision: Decision, policies: Policies) -> dict[str, Any]:
    verdict = "explicitDeny" if decision.is_explicit else "implicitDeny"
    result: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": arn,
        "EvalDecision": "allowed" if decision.allowed else verdict,
        "MatchedStatements": list(_statements(decision)),
        "MissingContextValues": [],
    }
    if policies.boundary is not None:
        request = Request(Principal("user", "", ACCOUNT_ID), action, arn)
        allowed = decide(request, Policies(identity=[policies.boundary])).allowed
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    return result


def _statements(decision: Decision) -> Iterator[dict[str, str]]:
    if decision.policy:
        yield {"SourcePolicyId": decision.policy}
