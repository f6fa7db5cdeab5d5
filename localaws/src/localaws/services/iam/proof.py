"""Whether every part of the recorded policies matters: without it, or with more, an answer has to change.

A part is removed, and the recorded requests that its statement is about are decided again. A request that
was allowed and no longer is *kills* the mutant. A policy that became wider is killed by a near-miss: a
request that differs from a recorded one in what the part excludes, was denied, and is allowed now. A mutant
that nothing kills survives: no recorded request needs the part, another statement allows the same, or nothing
that is known of AWS asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from localaws.services.iam.authorization import Kind
from localaws.services.iam.authorizer import decide_either
from localaws.services.iam.decision import Decision, Request, decide
from localaws.services.iam.document import Statement, parse
from localaws.services.iam.ledger import Sample
from localaws.services.iam.mutants import Mutant, mutants_of
from localaws.services.iam.near_misses import near_misses
from localaws.services.iam.recording import Recording

# The strongest knowledge first: what kills a mutant is the first sample that does.
_STRENGTH: Final = (Kind.API, Kind.SERVICE, Kind.IMPLIED)


@dataclass(frozen=True)
class Judgement:
    """What became of one mutant."""

    owner: str
    """The ARN of the role or the resource that has the policy."""
    policy: str
    mutant: Mutant
    killed_by: Sample | None
    """The request whose answer changed; None for a mutant that survives."""

    @property
    def atom(self) -> str:
        """Owner, statement and part as the table of survivors names them."""
        return f"{self.owner} {self.mutant.sid} {self.mutant.part}"


@dataclass(frozen=True)
class Unproven:
    """Parts of policies that are kept although nothing kills their mutants."""

    owner: str
    """Of the ARN of the role or resource, what follows the account; ``*`` is a wildcard."""
    part: str
    """For example ``action s3:GetBucketAcl``; ``*`` is a wildcard."""
    reason: str
    url: str

    def names(self, judgement: Judgement) -> bool:
        """Whether a mutant is one of these."""
        owner = judgement.owner.split(":", 5)[-1]
        # A row that names a resource names it with a wider mutant too.
        part = judgement.mutant.part.removesuffix(" as *")
        return fnmatchcase(owner, self.owner) and fnmatchcase(part, self.part)


def prove(recording: Recording, prefixes: Sequence[str]) -> Iterator[Judgement]:
    """Judge every mutant of the policies whose owners have a name with one of the prefixes.

    Args:
        recording: requests and policies.
        prefixes: of the names of roles and resources, for example ``ml-core-``. Keys have no name, so the
            policies of all keys are judged.
    """
    for arn, texts in sorted(recording.identity.items()):
        if _is_named(arn, prefixes):
            samples = recording.samples_of_principal.get(arn, ())
            yield from _judged(recording, arn, texts, samples, is_identity=True)
    for arn, texts in sorted(recording.resource.items()):
        if _is_named(arn, prefixes) or ":key/" in arn:
            own = [item for item in texts if not item[0].startswith("grant ")]
            samples = recording.samples_of_resource.get(arn, ())
            yield from _judged(recording, arn, own, samples, is_identity=False)


def _is_named(arn: str, prefixes: Sequence[str]) -> bool:
    # role/NAME, function:NAME, or NAME alone.
    name = re.split("[/:]", arn.split(":", 5)[-1])[-1]
    return any(name.startswith(prefix) for prefix in prefixes)


def _judged(
    recording: Recording,
    owner: str,
    texts: Sequence[tuple[str, str]],
    samples: Iterable[Sample],
    *,
    is_identity: bool,
) -> Iterator[Judgement]:
    allowed = sorted(
        (sample for sample in samples if _is_allowed(recording, sample)),
        key=lambda sample: _STRENGTH.index(sample.kind),
    )
    for name, text in texts:
        statements = parse(text, name).statements
        used = [[item for item in allowed if _is_about(each, item)] for each in statements]
        for mutant in mutants_of(text):
            changed = _with(recording, owner, name, mutant.text, is_identity=is_identity)
            statement = statements[mutant.number]
            found = (
                item
                for item in used[mutant.number]
                if _kills(recording, changed, mutant, statement, item)
            )
            yield Judgement(owner, name, mutant, next(found, None))


def _is_about(statement: Statement, sample: Sample) -> bool:
    """Whether a statement allows a request, or could deny it."""
    request = sample.request
    if not statement.named(request.principal) or not statement.names_action(request.action):
        return False
    resources = [request.resource, *([sample.alternative] if sample.alternative else [])]
    if not any(statement.names_resource(item, request.context) for item in resources):
        return False
    conditions = statement.conditions if statement.allows else ()
    return all(item.is_met(request.context) for item in conditions)


def _kills(
    recording: Recording, changed: Recording, mutant: Mutant, statement: Statement, sample: Sample
) -> bool:
    if not mutant.is_wider:
        return not _is_allowed(changed, sample)
    return any(
        not _decided(recording, missed, sample).allowed
        and _decided(changed, missed, sample).allowed
        for missed in near_misses(sample.request, statement)
    )


def _is_allowed(recording: Recording, sample: Sample) -> bool:
    policies = recording.policies_for(sample.request)
    return decide_either(sample.request, policies, sample.alternative).allowed


def _decided(recording: Recording, missed: Request, sample: Sample) -> Decision:
    """The decision on a near-miss, with the policies that apply to the request that it is near to."""
    return decide(missed, recording.policies_for(sample.request))


def _with(
    recording: Recording, owner: str, name: str, text: str, *, is_identity: bool
) -> Recording:
    """The recording with another text of one policy."""
    texts = recording.identity if is_identity else recording.resource
    changed = {**texts, owner: [(n, text if n == name else t) for n, t in texts[owner]]}
    if is_identity:
        return replace(recording, identity=changed)
    return replace(recording, resource=changed)
