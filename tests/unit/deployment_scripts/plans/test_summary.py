"""The summary of real plans, in its four forms."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.plans.costs import Prices
from landing_zone.plans.endpoints import EndpointCost, endpoint_costs, instance_types
from landing_zone.plans.policy import PolicyResult, Violation
from landing_zone.plans.summary import Summary, summarize
from tests.unit.deployment_scripts.plans.documents import plan

REFUSAL = Violation("destroy", "a.b", "destroy: a.b: would be deleted", "allow-destroy:a.b")
SENSITIVE_TEXT = """\
<!-- landing-zone: plan of ml-core development -->
### Terraform plan: ml-core development

**1 to add, 1 to change, 1 to replace, 1 to destroy**

**Destroy** (1)

- `terraform_data.gone[0]` (delete because count index)

**Replace** (1)

- `terraform_data.secret` (replace because cannot update)
  - forced by `triggers_replace: (sensitive) -> (sensitive)`

**Standing cost:** no change

<details><summary>Change (1)</summary>

- `terraform_data.kept`
  - `input: 1 -> 2`
  - `output: 1 -> (known after apply)`

</details>

<details><summary>Add (1)</summary>

- `terraform_data.new[0]`

</details>

Outputs that change: `kept`
"""


def forms(summary: Summary) -> dict[str, str]:
    return {
        "markdown": summary.markdown(),
        "html": summary.html(),
        "line": summary.one_line(),
        "json": json.dumps(summary.document()),
    }


def many(count: int, kind: str = "aws_sqs_queue") -> dict[str, Any]:
    """A plan that deletes so many queues."""
    change = {"actions": ["delete"], "before": {"name": "q"}, "after": None, "after_unknown": {}}
    return {
        "format_version": "1.2",
        "resource_changes": [
            {
                "address": f'module.queues.{kind}.this["queue-{n}"]',
                "mode": "managed",
                "type": kind,
                "change": change,
            }
            for n in range(count)
        ],
    }


def test_the_comment_is_this_one() -> None:
    assert summarize(plan("sensitive")).markdown() == SENSITIVE_TEXT


def test_no_form_prints_a_sensitive_value() -> None:
    assert "hunter2" in json.dumps(plan("sensitive"))
    for name, text in forms(summarize(plan("sensitive"))).items():
        assert "hunter2" not in text, name


def test_a_value_that_is_only_partly_sensitive_is_masked_as_a_whole() -> None:
    document = plan("sensitive")
    secret = next(
        c for c in document["resource_changes"] if c["address"] == "terraform_data.secret"
    )
    secret["change"]["actions"] = ["update"]

    text = summarize(document).markdown()

    assert "`input: (sensitive) -> (sensitive)`" in text


def test_a_marked_value_of_one_resource_does_not_hide_the_names_of_others() -> None:
    document = plan("replace")
    name = "ml-core-development"
    parameter = {"actions": ["update"], "before": {"value": name, "insecure_value": name, "name": "/p"},
                 "after": {"value": "x", "insecure_value": "xyz", "name": "/p"}, "after_unknown": {},
                 "before_sensitive": {"value": True}, "after_sensitive": {"value": True}}  # fmt: skip
    document["resource_changes"].append(
        {"address": "aws_ssm_parameter.p", "type": "aws_ssm_parameter", "change": parameter}
    )

    text = summarize(document).markdown()

    assert "forced by `name: alias/ml-core-development -> alias/ml-core2-development`" in text
    assert "`value: (sensitive) -> (sensitive)`" in text
    assert "`insecure_value: (sensitive) -> xyz`" in text


def test_a_sensitive_variable_is_hidden_in_every_resource() -> None:
    document = plan("sensitive")
    kept = next(c for c in document["resource_changes"] if c["address"] == "terraform_data.kept")
    kept["change"]["after"]["input"] = "password=hunter2-new;"

    assert "`input: 1 -> (sensitive)`" in summarize(document).markdown()


def test_markup_in_a_value_stays_text() -> None:
    document = plan("sensitive")
    new = next(c for c in document["resource_changes"] if c["address"] == "terraform_data.new[0]")
    new["change"] |= {"actions": ["update"], "before": {"input": "y"}}

    summary = summarize(document)

    assert "`` input: y -> <b>@everyone`</b> ``" in summary.markdown()
    assert "&lt;b&gt;@everyone`&lt;/b&gt;" in summary.html()
    assert "<b>@everyone" not in summary.html()


def test_counts_and_order() -> None:
    summary = summarize(plan("replace"))

    assert summary.counts == {"add": 0, "change": 1, "replace": 3, "destroy": 0}
    assert [change.kind.value for change in summary.changes] == [*["replace"] * 3, "change"]
    assert summary.title == "ml-core2 development"


def test_a_replacement_names_what_forces_it() -> None:
    text = summarize(plan("replace")).markdown()

    assert (
        "- `module.encryption.aws_kms_alias.this` (replace because cannot update)\n"
        "  - forced by `name: alias/ml-core-development -> alias/ml-core2-development`"
    ) in text
    assert "forced by `bucket: ml-core-development-123456789012-source-bucket -> " in text


def test_an_attribute_is_compared_where_it_differs() -> None:
    text = summarize(plan("change")).markdown()

    assert "  - `tags_all.CostCentre: (absent) -> 1`" in text
    assert "  - `versioning_configuration[0].status: Suspended -> Enabled`" in text


def test_drift_is_apart_from_changes() -> None:
    document = {**plan("drift"), "resource_changes": plan("change")["resource_changes"]}

    summary = summarize(document)

    assert [found.address for found in summary.drift] == [
        'module.ml_workflow.aws_cloudwatch_log_group.this["training"]',
        'module.ml_workflow.aws_iam_role.machine["training"]',
        'module.storage.aws_s3_bucket_versioning.this["source"]',
    ]
    assert "**Changed outside of Terraform** (3)" in summary.markdown()
    assert "3 changed outside of Terraform" in summary.one_line()


@pytest.mark.parametrize(("name", "usd", "expected"), [
    ("create", {"kms_key_month": "1", "alarm_month": "0.1"}, "+1.10 USD a month"),
    ("destroy", {"kms_key_month": "1", "alarm_month": "0.1"}, "-1.10 USD a month"),
    ("create", {"kms_key_month": "1"}, "cost unknown"),
    ("replace", {}, "no change"),
])  # fmt: skip
def test_cost(name: str, usd: dict[str, str], expected: str) -> None:
    prices = Prices("eu-west-1", {key: Decimal(value) for key, value in usd.items()})

    summary = summarize(plan(name), prices=prices)

    assert str(summary.costs) == expected
    assert f"**Standing cost:** {expected}" in summary.markdown()


def test_the_endpoints_of_the_configuration_have_a_cost_a_month() -> None:
    prod = EndpointCost("iris", "prod", "ml.m5.large", 2, 10, Decimal("0.1"))
    summary = summarize(plan("replace"), endpoints=(prod,))

    total = "146.00...730.00 USD a month while each is in service"
    line = "iris prod: 2...10 x ml.m5.large, 146.00...730.00 USD a month"
    found = forms(summary)
    assert f"**Endpoints of the configuration:** {total}\n\n- {line}" in found["markdown"]
    assert f"endpoints {total}" in found["line"]
    assert line in found["html"]
    assert json.loads(found["json"])["endpoints"][0]["usd_month"] == ["146.00", "730.00"]
    unknown = replace(prod, each=None)
    assert "endpoints cost unknown" in summarize(plan("replace"), endpoints=(unknown,)).one_line()


def test_the_endpoints_come_from_the_manifest_and_the_use_cases(tmp_path: Path) -> None:
    (tmp_path / "config/use_cases").mkdir(parents=True)
    (tmp_path / "config/use_cases/a.yaml").write_text("endpoint: {dev: {enabled: true}}")
    (tmp_path / "config/use_cases/b.yaml").write_text("name: b")
    manifest = {
        "InstanceType": "ml.m5.xlarge", "EndpointInstanceType": "ml.m5.large", "EndpointInstanceCount": 2
    }  # fmt: skip
    prices = Prices("eu-west-1", {}, {("ml.m5.large", "Hosting"): Decimal("0.1")})

    assert [str(cost) for cost in endpoint_costs(manifest, prices, tmp_path)] == [
        "a dev: 1 x ml.m5.large, 73.00 USD a month",
        "a prod: 2 x ml.m5.large, 146.00 USD a month",
        "b prod: 2 x ml.m5.large, 146.00 USD a month",
    ]
    assert instance_types(manifest, tmp_path) == {
        "ml.m5.xlarge": {"Batch Transform", "Processing", "Training"}, "ml.m5.large": {"Hosting"}
    }  # fmt: skip
    (tmp_path / "config/use_cases/b.yaml").write_text("[]")
    with pytest.raises(OperatorError, match=r"b\.yaml is no use case"):
        endpoint_costs(manifest, None, tmp_path)


def test_a_missing_price_is_unknown_and_the_note_says_how_to_get_it() -> None:
    costs = summarize(plan("create")).costs

    assert [str(line) for line in costs.lines] == [
        "aws_cloudwatch_metric_alarm: 0 -> 1, cost unknown",
        "aws_kms_key: 0 -> 1, cost unknown",
    ]
    assert "prices.py --refresh" in costs.note
    assert costs.document()["usd_difference"] is None


def test_the_refusals_of_the_policy_are_in_every_form() -> None:
    result = PolicyResult((REFUSAL,), (REFUSAL,), ("the label x allows nothing in this plan",))

    found = forms(summarize(plan("replace"), policy=result))

    assert "**Refused by policy** (1)\n\n- `destroy: a.b: would be deleted`" in found["markdown"]
    assert "1 refused by policy; 1 allowed by label" in found["line"]
    assert "Refused by policy" in found["html"]
    assert json.loads(found["json"])["policy"]["violations"][0]["label"] == "allow-destroy:a.b"


@pytest.mark.parametrize("count", [1, 2000])
def test_a_comment_has_room_in_github(count: int) -> None:
    text = summarize(many(count)).markdown(link="https://example.com/plan")

    assert len(text) < 65_536
    left = re.search(r"\*\*(\d+) lines are left out.*example\.com/plan", text)
    if count == 1:
        assert not left
    else:
        assert left
        assert text.count("queue-") + int(left[1]) >= count


@pytest.mark.parametrize("limit", range(700, 3000, 23))
def test_a_section_is_closed_wherever_the_comment_is_cut(limit: int) -> None:
    text = summarize(plan("change")).markdown(limit=limit)

    assert len(text) <= limit
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("count", [1, 5, 50, 2000])
def test_the_line_has_room_in_an_approval(count: int) -> None:
    line = summarize(many(count)).one_line()

    assert len(line) < 1000
    assert "\n" not in line
    assert line.startswith(
        f"Terraform: 0 to add, 0 to change, 0 to replace, {count} to destroy; destroy: "
    )
    assert ("more" in line) == (count > 15)


def test_a_plan_without_changes_says_so() -> None:
    summary = summarize({"format_version": "1.2", "resource_changes": []})

    assert not summary.has_changes
    assert "**No changes.**" in summary.markdown()
    assert summary.one_line() == "Terraform: no changes"


def test_moves_imports_and_drops_are_counted() -> None:
    entries = json.loads(json.dumps(many(3)["resource_changes"]))
    entries[0]["change"]["actions"] = ["forget"]
    entries[1]["change"] |= {"actions": ["no-op"], "importing": {"id": "x"}}
    entries[2] |= {"previous_address": "old.address"}
    entries[2]["change"]["actions"] = ["no-op"]

    summary = summarize({"format_version": "1.2", "resource_changes": entries})

    rest = {key: summary.counts[key] for key in ("forget", "import", "move")}
    assert rest == {"forget": 1, "import": 1, "move": 1}
    assert "was `old.address`" in summary.markdown()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.resources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta"}:
            self.opened.append(tag)
        self.resources += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


@pytest.mark.parametrize("name", ["create", "destroy", "replace", "change", "drift", "sensitive"])
def test_the_page_is_well_formed_and_needs_no_other_file(name: str) -> None:
    parser = Tags()
    parser.feed(summarize(plan(name)).html())

    assert parser.opened == []
    assert parser.resources == []


def test_a_plan_that_failed_is_refused() -> None:
    with pytest.raises(OperatorError, match="the plan is incomplete"):
        summarize({"format_version": "1.2", "errored": True})
