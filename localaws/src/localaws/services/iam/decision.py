"""Whether a request is allowed, by all policies that apply to it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from localaws.services.iam.document import Document, Statement
from localaws.services.iam.matching import RequestContext
from localaws.services.iam.principals import Named, Principal


class Layer(Enum):
    """The kinds of policies, as AWS's messages call them."""

    CONTROL = "service control policy"
    RESOURCE = "resource-based policy"
    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"


@dataclass(frozen=True)
class Request:
    """One authorization that is asked for."""

    principal: Principal
    action: str
    """For example ``s3:GetObject``."""
    resource: str
    """An ARN, or ``*`` for an action that has no resource."""
    context: RequestContext = field(default_factory=dict)
    resource_account: str = ""
    """The account that owns the resource; empty for that of the principal."""


@dataclass(frozen=True)
class Policies:
    """The policies that apply to a request."""

    identity: Sequence[Document] = ()
    boundary: Document | None = None
    session: Sequence[Document] | None = None
    """None where the session was made without policies. The session has what any of them allows."""
    control: Sequence[Sequence[Document]] = ()
    """Service control policies: those of the root, of each organizational unit, and of the account."""
    resource: Sequence[Document] = ()
    is_strict: bool = False
    """Whether an identity-based policy is not enough: for KMS keys, and to assume a role."""


@dataclass(frozen=True)
class Decision:
    """What was decided, and which policy decided it."""

    allowed: bool
    layer: Layer
    is_explicit: bool = False
    """Whether a statement with the effect Deny applies."""
    policy: str = ""
    """The name of the policy with the deciding statement, where there is one."""
    sid: str = ""


def decide(request: Request, policies: Policies) -> Decision:
    """Evaluate a request.

    An explicit Deny in any policy wins. Otherwise the service control policies have to allow the request,
    and either the resource's policy or the identity's, which a permissions boundary and the policies of the
    session limit.
    """
    denied = _explicit_denial(request, policies)
    if denied is not None:
        return denied
    principal = request.principal
    if principal.kind != "service":
        for level in policies.control:
            if _allowing(request, level) is None:
                return Decision(False, Layer.CONTROL)
    named, granting = _resource_grant(request, policies)
    if principal.kind in {"service", "anonymous", "federated"}:
        return granting if granting is not None else Decision(False, Layer.RESOURCE)
    is_foreign = request.resource_account not in {"", principal.account}
    if is_foreign and named is Named.NO:
        return Decision(False, Layer.RESOURCE)
    if not is_foreign:
        if named is Named.DIRECT and granting is not None:
            return granting
        if named is Named.ROLE and granting is not None:
            return _limited(request, policies) or granting
        if policies.is_strict and named is Named.NO:
            return Decision(False, Layer.RESOURCE)
    if principal.kind == "root":
        return Decision(True, Layer.IDENTITY)
    return _by_identity(request, policies)


def _by_identity(request: Request, policies: Policies) -> Decision:
    found = _allowing(request, policies.identity)
    if found is None:
        return Decision(False, Layer.IDENTITY)
    document, statement = found
    granted = Decision(True, Layer.IDENTITY, policy=document.name, sid=statement.sid)
    return _limited(request, policies) or granted


def _limited(request: Request, policies: Policies) -> Decision | None:
    """The denial by a permissions boundary or by the policies of a session; None where both allow."""
    boundary, session = policies.boundary, policies.session
    if boundary is not None and _allowing(request, [boundary]) is None:
        return Decision(False, Layer.BOUNDARY, policy=boundary.name)
    if session is not None and _allowing(request, session) is None:
        return Decision(False, Layer.SESSION)
    return None


def _resource_grant(request: Request, policies: Policies) -> tuple[Named, Decision | None]:
    """How the resource's policy names the caller in a statement that allows the request."""
    best, decision = Named.NO, None
    for document, statement in _applying(request, policies.resource, allows=True):
        named = statement.named(request.principal)
        if named > best:
            best = named
            decision = Decision(True, Layer.RESOURCE, policy=document.name, sid=statement.sid)
    return best, decision


def _explicit_denial(request: Request, policies: Policies) -> Decision | None:
    control = [document for level in policies.control for document in level]
    boundary = [] if policies.boundary is None else [policies.boundary]
    layers: list[tuple[Layer, Iterable[Document]]] = [
        (Layer.CONTROL, control if request.principal.kind != "service" else []),
        (Layer.RESOURCE, policies.resource),
        (Layer.IDENTITY, policies.identity),
        (Layer.BOUNDARY, boundary),
        (Layer.SESSION, policies.session or []),
    ]
    for layer, documents in layers:
        for document, statement in _applying(request, documents, allows=False):
            has_boundary = policies.boundary is not None
            if statement.named(request.principal, has_boundary=has_boundary):
                return Decision(False, layer, True, document.name, statement.sid)
    return None


def _allowing(request: Request, documents: Iterable[Document]) -> tuple[Document, Statement] | None:
    return next(_applying(request, documents, allows=True), None)


def _applying(
    request: Request, documents: Iterable[Document], *, allows: bool
) -> Iterator[tuple[Document, Statement]]:
    for document in documents:
        for statement in document.statements:
            if statement.allows is allows and statement.applies(
                request.action, request.resource, request.context
            ):
                yield document, statement
