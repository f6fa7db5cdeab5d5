"""The summary of a plan: counts, what is destroyed or replaced, drift, cost; in four forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from landing_zone.plans import markdown, page
from landing_zone.plans.costs import CostReport, Prices, cost_of
from landing_zone.plans.document import Change, Kind, changes_in, require_plan
from landing_zone.plans.endpoints import EndpointCost
from landing_zone.plans.policy import PolicyResult
from landing_zone.plans.refresh import Drifted, drift_in

# In this order: what loses something first.
ORDER = (Kind.DESTROY, Kind.REPLACE, Kind.FORGET, Kind.CHANGE, Kind.ADD, Kind.IMPORT, Kind.MOVE)
# https://docs.github.com/en/rest/issues/comments: a comment has at most 65,536 characters.
COMMENT_LIMIT = 65_536
LINE_LIMIT = 1000


@dataclass(frozen=True)
class Summary:
    """What a plan would do."""

    title: str
    changes: tuple[Change, ...]
    drift: tuple[Drifted, ...]
    outputs: tuple[str, ...]
    costs: CostReport
    # What the endpoints of config/ cost; Terraform does not make them.
    endpoints: tuple[EndpointCost, ...]
    policy: PolicyResult | None

    @property
    def counts(self) -> dict[str, int]:
        """How many resources are added, changed, replaced, destroyed (and the rest, where there are any)."""
        found = Counter(change.kind.value for change in self.changes)
        always = ("add", "change", "replace", "destroy")
        rest = {kind: found[kind] for kind in ("forget", "import", "move") if found[kind]}
        return {**{kind: found[kind] for kind in always}, **rest}

    @property
    def has_changes(self) -> bool:
        """Whether an apply would change a resource or an output."""
        return bool(self.changes or self.outputs)

    def of(self, *kinds: Kind) -> list[Change]:
        return [change for change in self.changes if change.kind in kinds]

    def markdown(self, *, link: str = "", limit: int = COMMENT_LIMIT) -> str:
        """A comment that is recognised by its first line and replaced; `link` leads to the whole plan."""
        return markdown.comment(self, link=link, limit=limit)

    def html(self) -> str:
        """A page without any other file."""
        return page.page(self)

    def one_line(self, limit: int = LINE_LIMIT) -> str:
        """For an approval: counts, then the addresses that are destroyed or replaced."""
        return markdown.one_line(self, limit)

    def document(self) -> dict[str, Any]:
        """For programs; the same facts as the texts, and no value that the texts do not show."""
        return {
            "title": self.title,
            "counts": self.counts,
            "changes": [
                {
                    "address": change.address,
                    "type": change.type,
                    "action": change.kind.value,
                    "reason": change.reason,
                    "forced_by": [asdict(found) for found in change.forced_by],
                    "attributes": [asdict(found) for found in change.differences],
                    **(
                        {"previous_address": change.previous_address}
                        if change.previous_address
                        else {}
                    ),
                }
                for change in self.changes
            ],
            "drift": [drifted.document() for drifted in self.drift],
            "outputs": list(self.outputs),
            "costs": self.costs.document(),
            "endpoints": [endpoint.document() for endpoint in self.endpoints],
            "policy": self.policy.document() if self.policy else None,
        }


def summarize(
    plan: Mapping[str, Any],
    *,
    policy: PolicyResult | None = None,
    prices: Prices | None = None,
    endpoints: tuple[EndpointCost, ...] = (),
    title: str = "",
) -> Summary:
    """The summary of a plan's JSON document; an incomplete plan is refused."""
    require_plan(plan)
    found = [change for change in changes_in(plan) if change.kind in ORDER]
    outputs = plan.get("output_changes") or {}
    return Summary(
        title=title or title_of(plan),
        changes=tuple(sorted(found, key=lambda change: (ORDER.index(change.kind), change.address))),
        drift=tuple(drift_in(plan)),
        outputs=tuple(
            sorted(name for name, change in outputs.items() if change["actions"] != ["no-op"])
        ),
        costs=cost_of(found, prices),
        endpoints=endpoints,
        policy=policy,
    )


def title_of(plan: Mapping[str, Any]) -> str:
    """The service and the stage that the plan was made for."""
    variables = plan.get("variables") or {}
    values = [
        str((variables.get(name) or {}).get("value") or "") for name in ("service", "build_stage")
    ]
    return " ".join(value for value in values if value) or "Terraform"
