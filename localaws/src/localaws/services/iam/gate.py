"""Authenticates every request, and decides whether its caller may make it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from localaws.core.acting import ServiceKeys
from localaws.core.call import Call
from localaws.core.context import ACCOUNT_ID, ContextFactory
from localaws.core.errors import AwsError
from localaws.services.iam import (
    catalog,
    context_keys,
    effects,
    refusals,
    resources,
    s3_requests,
    special,
)
from localaws.services.iam.authorization import Authorization
from localaws.services.iam.authorizer import authorize
from localaws.services.iam.current import remember
from localaws.services.iam.explain import message
from localaws.services.iam.identities import Identities, may_be_anonymous
from localaws.services.iam.ledger import Ledger
from localaws.services.iam.mode import SETTING, Mode
from localaws.services.iam.operations import Operation, identify
from localaws.services.iam.principals import Principal

_log = logging.getLogger(__name__)


class Gate:
    """Stands before the services.

    Args:
        contexts: makes the context of a service.
        service_keys: the keys with which services call as themselves.
        mode: what happens with the decisions.
    """

    def __init__(
        self, contexts: ContextFactory, service_keys: ServiceKeys, mode: Mode | None = None
    ) -> None:
        self._identities = Identities(service_keys)
        self._mode = Mode.from_environment(os.environ) if mode is None else mode
        self._contexts = contexts

    @property
    def _ledger(self) -> Ledger:
        return self._contexts(ACCOUNT_ID, "us-east-1", "iam").shared(Ledger)

    def admit(self, call: Call) -> None:
        """Let a request pass, or refuse it.

        Raises:
            AwsError: the caller is not known, or, where policies are enforced, may not do this.
        """
        principal = self._identities.caller(call)
        remember(call, principal)
        if self._mode is Mode.OFF:
            return
        try:
            self._authorize(call, principal)
        except AwsError:
            if self._mode is Mode.ENFORCE:
                raise
        except Exception:
            if self._mode is Mode.ENFORCE:
                raise
            _log.exception("%s %s was not audited", call.method, call.path)

    def _authorize(self, call: Call, principal: Principal) -> None:
        if call.signing_name in {"s3", ""} or "Signature" in call.query:
            operation, needed = None, s3_requests.authorizations(call)
            name = f"s3 {call.method} {call.path}"
        else:
            operation = identify(call, ACCOUNT_ID)
            needed = None if operation is None else self._needed(operation)
            name = f"{operation.service}:{operation.name}" if operation else call.signing_name
        if principal.kind == "anonymous" and operation is not None:
            if may_be_anonymous(call, operation.name):
                return
            raise refusals.missing_token(call)
        if needed is None:
            self._refuse_unknown(principal, name)
            return
        params: Mapping[str, Any] = {} if operation is None else operation.params
        keys = context_keys.of_request(call, principal, params)
        for item in [*needed, *effects.implied(call, operation, needed)]:
            self._check(call, principal, item, keys)

    def _needed(self, operation: Operation) -> Sequence[Authorization] | None:
        found = special.authorizations(operation)
        if found is not None:
            return found
        service = catalog.services()[operation.service]
        action = special.action_of(operation)
        name = action.partition(":")[2]
        if name not in service.actions:
            return None
        arns = resources.resources_of(operation, service, name)
        if arns is None:
            return None
        keys = context_keys.of_operation(operation)
        return [Authorization(action, arn, keys) for arn in arns]

    def _check(
        self,
        call: Call,
        principal: Principal,
        needed: Authorization,
        keys: Mapping[str, Sequence[str]],
    ) -> None:
        acting = needed.principal or principal
        request, decision = authorize(acting, needed, {} if needed.principal else keys)
        self._ledger.record(request, decision, needed.kind, needed.source, needed.alternative)
        if decision.allowed or not needed.refuses or self._mode is not Mode.ENFORCE:
            return
        quoted = needed.action.startswith("s3:")
        raise refusals.access_denied(call, message(request, decision, quoted=quoted))

    def _refuse_unknown(self, principal: Principal, operation: str) -> None:
        # The root user may do everything that no resource denies.
        if principal.kind == "root":
            return
        self._ledger.record_unknown(principal.policy_arn or "anonymous", operation)
        raise AwsError(
            "NotImplementedException",
            f"localaws does not know which permissions {operation} needs, so only the root user may call "
            f"it while {SETTING} is enforce.",
        )
