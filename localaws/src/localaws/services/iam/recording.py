"""What a server has decided, with the policies that it decided with: a document that can be decided again.

A recording has no server. :mod:`proof` removes parts of its policies and decides its requests once more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from localaws.services.iam import stores
from localaws.services.iam.authorization import Kind
from localaws.services.iam.decision import Policies, Request
from localaws.services.iam.document import Document
from localaws.services.iam.ledger import Ledger, Sample
from localaws.services.iam.principals import Principal
from localaws.services.iam.resource_policies import is_strict, owner_of, texts_of

Texts = Mapping[str, Sequence[tuple[str, str]]]
"""By the ARN of a role or a resource, the names and texts of its policies."""

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY: Final = re.compile(rf"(?<=:key/){_UUID}")
_API: Final = re.compile(
    r"(:execute-api:[\w-]*:\d*:|/(?:apis|tags/[^/]*apis)/)[a-z0-9]{10}(?![a-z0-9])"
)
_NO_UUID: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Recording:
    """Requests, and the policies that applied to them."""

    identity: Texts
    boundaries: Mapping[str, tuple[str, str]]
    resource: Texts
    """Of roles too, whose resource policy is the trust policy."""
    samples: Sequence[Sample] = field(repr=False)

    @cached_property
    def samples_of_principal(self) -> Mapping[str, Sequence[Sample]]:
        """The samples by role or other principal."""
        return _grouped((item.request.principal.policy_arn, item) for item in self.samples)

    @cached_property
    def samples_of_resource(self) -> Mapping[str, Sequence[Sample]]:
        """The samples by the resource whose policy applies."""
        return _grouped((owner_of(item.request.resource), item) for item in self.samples)

    def policies_for(self, request: Request) -> Policies:
        """The recorded policies that apply to a request."""
        principal, arn = request.principal, request.resource
        boundary = self.boundaries.get(principal.policy_arn)
        session: Sequence[Document] | None = None
        if principal.session_policies:
            session = stores.parsed(("session policy", text) for text in principal.session_policies)
        is_role = ":role/" in arn
        # A role has a policy for those who assume it, and none for those who change it.
        has_own = not is_role or request.action.startswith("sts:")
        return Policies(
            identity=stores.parsed(self.identity.get(principal.policy_arn, ())),
            boundary=None
            if boundary is None
            else next(iter(stores.parsed([boundary])), Document((), boundary[0])),
            session=session,
            resource=stores.parsed(self.resource.get(owner_of(arn), ())) if has_own else (),
            is_strict=is_strict(request.action, arn),
        )

    def merged(self, other: Recording) -> Recording:
        """Both recordings in one. The policies of this one count where both have some."""
        return Recording(
            {**other.identity, **self.identity},
            {**other.boundaries, **self.boundaries},
            {**other.resource, **self.resource},
            _distinct([*self.samples, *other.samples]),
        )

    def document(self) -> dict[str, Any]:
        """The recording as a JSON object."""
        return {
            "identity": {
                arn: [list(item) for item in found] for arn, found in sorted(self.identity.items())
            },
            "boundaries": {arn: list(found) for arn, found in sorted(self.boundaries.items())},
            "resource": {
                arn: [list(item) for item in found] for arn, found in sorted(self.resource.items())
            },
            "samples": sorted(
                (_sample_document(sample) for sample in self.samples),
                key=lambda item: json.dumps(item, sort_keys=True),
            ),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Recording:
        """The recording in a JSON object of :meth:`document`."""
        return cls(
            {arn: [(n, t) for n, t in found] for arn, found in document["identity"].items()},
            {arn: (found[0], found[1]) for arn, found in document["boundaries"].items()},
            {arn: [(n, t) for n, t in found] for arn, found in document["resource"].items()},
            [_sample(item) for item in document["samples"]],
        )


def record(ledger: Ledger) -> Recording:
    """What a server has decided until now, with its policies as they are now."""
    samples = ledger.samples()
    identity: dict[str, Sequence[tuple[str, str]]] = {}
    boundaries: dict[str, tuple[str, str]] = {}
    resource: dict[str, Sequence[tuple[str, str]]] = {}
    backend = stores.iam_backend()
    for entity in [*list(backend.roles.values()), *list(backend.users.values())]:
        identity[entity.arn] = stores.identity_texts(entity)
        limit = stores.boundary_text(entity)
        if limit is not None:
            boundaries[entity.arn] = limit
    for role in list(backend.roles.values()):
        resource[role.arn] = texts_of(role.arn, "sts:AssumeRole")
    for sample in samples:
        request = sample.request
        owner = owner_of(request.resource)
        if owner not in resource and ":role/" not in owner:
            found = texts_of(owner, request.action)
            if found:
                resource[owner] = found
    return Recording(identity, boundaries, resource, samples)


def normalized(recording: Recording) -> Recording:
    """The same recording with stable ids, so that two recordings of the same scenario are alike."""
    text = json.dumps(recording.document())
    keys = {
        key: f"{number:08x}{_NO_UUID[8:]}"
        for number, key in enumerate(_keys_in(recording, text), 1)
    }
    stable = re.sub(_UUID, lambda found: keys.get(found[0], _NO_UUID), text)
    stable = _API.sub(r"\g<1>0000000000", stable)
    found = Recording.read(json.loads(stable))
    return Recording(found.identity, found.boundaries, found.resource, _distinct(found.samples))


def compacted(recording: Recording) -> Recording:
    """The recording with one sample of those that differ in nothing the policies look at.

    A proof has the same result. Requests of the root user are left out, except those that assume a role: the
    policies of roles do not matter to the others.
    """
    kept: dict[tuple[Any, ...], Sample] = {}
    for sample in recording.samples:
        request = sample.request
        if request.principal.kind == "root" and not request.action.startswith("sts:"):
            continue
        conditions = tuple(sorted((name, tuple(found)) for name, found in request.context.items()))
        found = recording.policies_for(request)
        seen = frozenset(_seen([*found.identity, *found.resource], sample))
        owner = owner_of(request.resource)
        key = (
            request.principal.policy_arn, request.action, owner in recording.resource and owner, sample.kind,
            tuple(item for item in conditions if not item[0].startswith("kms:encryptioncontext")), seen,
        )  # fmt: skip
        kept.setdefault(key, sample)
    return replace(recording, samples=list(kept.values()))


def _seen(documents: Iterable[Document], sample: Sample) -> Iterator[tuple[str, int, int]]:
    """The resources in statements of policies that a request matches."""
    request = sample.request
    for document in documents:
        for number, statement in enumerate(document.statements):
            if not statement.names_action(request.action):
                continue
            for place, resource in enumerate(statement.resources or ("*",)):
                part = replace(statement, resources=(resource,))
                if part.names_resource(request.resource, request.context):
                    yield document.name, number, place


def _keys_in(recording: Recording, text: str) -> Iterable[str]:
    """The ids of keys: first those with a policy, in the order of the policies' texts."""
    owned = sorted(
        (re.sub(_UUID, "", str(policies)), arn.rpartition("/")[2])
        for arn, policies in recording.resource.items()
        if ":key/" in arn
    )
    return dict.fromkeys([*(key for _, key in owned), *_KEY.findall(text)])


def _distinct(samples: Iterable[Sample]) -> Sequence[Sample]:
    return list(
        {json.dumps(_sample_document(item), sort_keys=True): item for item in samples}.values()
    )


def _grouped(pairs: Iterable[tuple[str, Sample]]) -> Mapping[str, Sequence[Sample]]:
    found: dict[str, list[Sample]] = {}
    for name, sample in pairs:
        found.setdefault(name, []).append(sample)
    return found


def _sample_document(sample: Sample) -> dict[str, Any]:
    request = sample.request
    principal = {name: value for name, value in asdict(request.principal).items() if value}
    principal.pop("access_key", None)
    return {
        "principal": principal,
        "action": request.action,
        "resource": request.resource,
        "context": {name: list(values) for name, values in sorted(request.context.items())},
        "kind": sample.kind.value,
        "source": sample.source,
        "alternative": sample.alternative,
    }


def _sample(item: Mapping[str, Any]) -> Sample:
    principal = dict(item["principal"])
    principal["session_policies"] = tuple(principal.get("session_policies", ()))
    request = Request(Principal(**principal), item["action"], item["resource"], item["context"])
    return Sample(request, Kind(item["kind"]), item["source"], item["alternative"])
