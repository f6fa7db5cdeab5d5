"""Drift in real documents: apart from noise, from what is not applied yet, and from what is ignored."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.plans.drift import DriftReport, drift_report
from landing_zone.plans.ignores import FILE, SCHEMA, Ignore, read_ignores
from tests.unit.deployment_scripts.plans.documents import plan

TODAY = date(2026, 3, 1)
BUCKET = 'module.storage.aws_s3_bucket_versioning.this["source"]'
ROLE = 'module.ml_workflow.aws_iam_role.machine["training"]'
LOGS = 'module.ml_workflow.aws_cloudwatch_log_group.this["training"]'
REASON = "The cost team sets this tag by hand."


def report(*ignores: Ignore, drift: Any = None, unapplied: Any = None) -> DriftReport:
    return drift_report(
        drift or plan("drift"), unapplied or plan("change"), ignores, today=TODAY, title="x"
    )


def nothing() -> dict[str, Any]:
    return {"format_version": "1.2", "resource_changes": []}


def changed(address: str, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The refresh-only plan with another change of one resource."""
    document = plan("drift")
    for entry in document["resource_drift"]:
        if entry["address"] == address:
            change(entry["change"]["after"])
    return document


def test_only_what_somebody_changed_is_drift() -> None:
    assert len(plan("drift")["resource_drift"]) > 5
    assert [(found.address, found.what, [str(d) for d in found.differences]) for found in report().drift] == [
        (LOGS, "deleted", []),
        (ROLE, "changed", ["tags_all.Hand: (absent) -> made"]),
        (BUCKET, "changed", ["versioning_configuration[0].status: Enabled -> Suspended"]),
    ]  # fmt: skip


def test_what_the_next_apply_puts_back_is_no_unapplied_change() -> None:
    addresses = [change.address for change in report().unapplied]

    assert addresses == ["module.encryption.aws_kms_key.this"]


def test_a_policy_that_somebody_adds_to_a_role_is_drift() -> None:
    theirs = {"name": "theirs", "policy": "{}"}
    document = changed(ROLE, lambda after: after["inline_policy"].append(theirs))

    found = next(one for one in report(drift=document).drift if one.address == ROLE)

    assert "inline_policy" in {difference.name for difference in found.differences}


def test_a_bucket_policy_that_no_resource_sets_is_drift() -> None:
    document = plan("drift")
    storage = next(child for child in document["prior_state"]["values"]["root_module"]["child_modules"]
                   if child["address"] == "module.storage")  # fmt: skip
    storage["resources"] = [r for r in storage["resources"] if r["type"] != "aws_s3_bucket_policy"]

    found = [
        one
        for one in report(drift=document).drift
        if one.address.startswith("module.storage.aws_s3_bucket.")
    ]

    assert [difference.name for one in found for difference in one.differences] == ["policy"]  # fmt: skip


@pytest.mark.parametrize(("drift", "unapplied", "code"), [
    (nothing(), nothing(), 0),
    (plan("drift"), nothing(), 2),
    (plan("drift"), plan("change"), 2),
    (nothing(), plan("change"), 3),
])  # fmt: skip
def test_exit_codes(drift: Any, unapplied: Any, code: int) -> None:
    found = report(drift=drift, unapplied=unapplied)

    assert found.exit_code == code
    assert found.document()["exit_code"] == code


def test_an_ignored_attribute_is_apart_with_its_reason() -> None:
    found = report(Ignore(ROLE, "tags_all", REASON, date(2026, 12, 31)))

    assert ROLE not in [one.address for one in found.drift]
    assert [(one.address, ignore.reason) for one, ignore in found.ignored] == [(ROLE, REASON)]
    assert found.exit_code == 2
    assert f"until 2026-12-31: {REASON}" in found.markdown()


@pytest.mark.parametrize(
    "pattern", ["module.ml_workflow.*", "*[[]?training?]", 'module.*["training"]']
)
def test_patterns_of_addresses(pattern: str) -> None:
    covers = Ignore(pattern, "*", REASON, TODAY).covers(ROLE, "tags_all")

    assert covers == (pattern != "*[[]?training?]")


def test_another_attribute_of_the_same_resource_stays_drift() -> None:
    document = changed(ROLE, lambda after: after.update(max_session_duration=7200))

    found = report(Ignore(ROLE, "tags_all", REASON, TODAY), drift=document)

    role = next(one for one in found.drift if one.address == ROLE)
    assert [str(one) for one in role.differences] == ["max_session_duration: 3600 -> 7200"]


def test_an_expired_entry_is_an_error_and_covers_nothing() -> None:
    found = report(Ignore(ROLE, "tags_all", REASON, date(2026, 2, 28)))

    assert ROLE in [one.address for one in found.drift]
    assert found.exit_code == 1
    assert found.errors == (
        f"{FILE}: {ROLE} tags_all expired on 2026-02-28. Correct the drift, or renew the date with the "
        f"reason why it still holds (now: {REASON})",
    )


def test_an_entry_that_matches_nothing_is_an_error() -> None:
    found = report(
        Ignore("module.gone.*", "*", REASON, TODAY), drift=nothing(), unapplied=nothing()
    )

    assert found.exit_code == 1
    assert "matches no drift: remove the entry" in found.markdown()


def test_the_issue_has_a_marker_and_is_short_when_all_is_well() -> None:
    assert report(drift=nothing(), unapplied=nothing()).markdown() == (
        "<!-- landing-zone: drift of x -->\n### Drift: x\n\n"
        "Nothing was changed outside of Terraform, and everything is applied.\n"
    )


def test_the_shipped_entries_are_valid() -> None:
    assert read_ignores() == []


def entries(tmp_path: Path, text: str) -> list[Ignore]:
    (tmp_path / "config").mkdir()
    (tmp_path / SCHEMA).write_text((ROOT / SCHEMA).read_text())
    (tmp_path / FILE).write_text(text)
    return read_ignores(tmp_path)


def test_an_entry_is_read(tmp_path: Path) -> None:
    entry = {"address": ROLE, "attribute": "tags_all", "reason": REASON, "expires": "2026-12-31"}
    text = json.dumps({"ignore": [entry]})

    assert entries(tmp_path, text) == [Ignore(ROLE, "tags_all", REASON, date(2026, 12, 31))]


@pytest.mark.parametrize("entry", [
    "{address: a.b, attribute: tags_all, expires: 2026-12-31}",
    "{address: a.b, attribute: tags_all, reason: no, expires: 2026-12-31}",
    f"{{address: a.b, attribute: tags_all, reason: {REASON}}}",
    f"{{address: a.b, attribute: tags_all, reason: {REASON}, expires: never}}",
    f"{{address: '***', attribute: tags_all, reason: {REASON}, expires: 2026-12-31}}",
    f"{{address: a.b, attribute: 'tags.Owner', reason: {REASON}, expires: 2026-12-31}}",
    f"{{address: a.b, attribute: '*', reason: {REASON}, expires: 2026-12-31, until: x}}",
])  # fmt: skip
def test_an_unreasoned_or_wrong_entry_is_refused(tmp_path: Path, entry: str) -> None:
    with pytest.raises(OperatorError, match=r"drift-ignore\.yaml"):
        entries(tmp_path, f"ignore: [{entry}]\n")
