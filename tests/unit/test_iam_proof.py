"""Every part of the IAM policies is needed: what `make prove-iam` says, by replay and without a server."""

from __future__ import annotations

from localaws.services.iam.proof import Judgement, prove
from localaws.services.iam.prove import read_recordings, read_unproven, report
from tests.unit.pages import ROOT

FOLDER = ROOT / "tests" / "iam"
PREFIXES = ("ml-core-development", "deployer-ml-core-development")


def judgements() -> list[Judgement]:
    return list(prove(read_recordings([FOLDER / "recording.json"]), PREFIXES))


def test_every_part_of_the_policies_is_needed() -> None:
    judged = judgements()
    lines = list(report(judged, read_unproven(FOLDER / "unproven.toml")))
    assert any(item.killed_by for item in judged)
    page = (ROOT / "docs" / "iam.md").read_text(encoding="utf-8")
    assert "\n".join(lines) in page, "docs/iam.md has another report"


def test_the_reasons_have_a_page() -> None:
    for row in read_unproven(FOLDER / "unproven.toml"):
        assert row.url.startswith("https://docs.aws.amazon.com/"), row
        assert len(row.reason) > 20, row
