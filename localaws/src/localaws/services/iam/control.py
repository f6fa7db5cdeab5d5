"""What the server tells the command ``localaws iam``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from localaws.core.call import Call, Response
from localaws.core.context import ACCOUNT_ID, ContextFactory
from localaws.core.errors import AwsError
from localaws.core.web import WebApplication
from localaws.core.wsgi import StartResponse, send
from localaws.services.iam import reports, stores
from localaws.services.iam.ledger import Entry, Ledger
from localaws.services.iam.recording import record

PATH: Final = "/_iam/"


def create(contexts: ContextFactory) -> WebApplication:
    """The application of the route."""
    ledger = contexts(ACCOUNT_ID, "us-east-1", "iam").shared(Ledger)

    def answer(call: Call, start_response: StartResponse) -> Iterable[bytes]:
        call.body.discard()
        try:
            status, document = 200, _document(ledger, call)
        except AwsError as error:
            status, document = error.status, {"message": error.message}
        headers = {"Content-Type": "application/json"}
        return send(Response(status, headers, json.dumps(document).encode()), start_response)

    return answer


def _document(ledger: Ledger, call: Call) -> dict[str, Any]:
    action = call.path.removeprefix(PATH)
    name = call.query.get("principal", "")
    if call.method == "POST" and action == "clear":
        ledger.clear()
        return {}
    if call.method != "GET" or action not in {"ledger", "policy", "recording", "unused"}:
        raise AwsError("NotFound", f"{call.method} {call.path} does not exist", 404)
    if action == "recording":
        return record(ledger).document()
    entries = [entry for entry in ledger.entries() if _is_of(entry.principal, name)]
    if action == "ledger":
        unknown = [
            {"principal": principal, "operation": operation, "count": count}
            for principal, operation, count in ledger.unknown()
            if _is_of(principal, name)
        ]
        return {"entries": [entry.document() for entry in entries], "unknown": unknown}
    if action == "policy":
        if not entries:
            raise AwsError("NotFound", f"the ledger has no entry of {name}", 404)
        return reports.policy(_by_identity(entries))
    return {"unused": [list(item) for item in _unused(ledger, name)]}


def _unused(ledger: Ledger, name: str) -> Iterable[tuple[str, ...]]:
    roles = [role for role in stores.iam_backend().roles.values() if _is_of(role.arn, name)]
    if name and not roles:
        raise AwsError("NotFound", f"there is no role {name}", 404)
    for role in sorted(roles, key=lambda item: str(item.arn)):
        entries = [entry for entry in ledger.entries() if entry.principal == role.arn]
        for found in reports.unused(stores.identity_policies(role), entries):
            yield (role.arn, *found)


def _by_identity(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Without what the policy of a resource has allowed: a trust policy, for example."""
    return [
        entry for entry in entries if not (entry.allowed and entry.layer == "resource-based policy")
    ]


def _is_of(principal: str, name: str) -> bool:
    """Whether a name or an ARN means a principal; an empty one means all."""
    return name in {"", principal, principal.rpartition("/")[2]}
