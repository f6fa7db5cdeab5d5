"""The steps that plan: plan, verify, drift. They change nothing but the lock of the state."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT, Settings
from landing_zone.delivery import progress
from landing_zone.delivery.holder import Holder
from landing_zone.delivery.messages import commit_messages
from landing_zone.delivery.saved_plan import COMMIT, DOCUMENT, LOCK_FILE, SavedPlan
from landing_zone.delivery.settings import cicd_root, load_cicd_settings
from landing_zone.plans.costs import read_prices
from landing_zone.plans.drift import DriftReport, drift_report
from landing_zone.plans.endpoints import endpoint_costs
from landing_zone.plans.ignores import read_ignores
from landing_zone.plans.labels import labels_of
from landing_zone.plans.policy import Violation, evaluate
from landing_zone.plans.summary import Summary, summarize
from landing_zone.sources.checkout import git_commit, read_manifest
from landing_zone.sources.package import build
from landing_zone.stack.locks import explained_state_lock
from landing_zone.stack.teardown import CICD_STATE
from landing_zone.stack.terraform import Plan, Terraform, infra_root, make_terraform

DRIFT = ROOT / "build/ci/drift"
# The limit of CustomData in an approval.
_SUMMARY_LIMIT = 1000


@dataclass(frozen=True)
class Planned:
    """What the step plan has found."""

    summary: Summary
    # How the pipeline itself differs from cicd/; empty when it does not.
    pipeline: str
    sha256: str

    @property
    def line(self) -> str:
        """For the approval: the pipeline's own difference is never cut off."""
        rest = f" {self.pipeline}" if self.pipeline else ""
        return f"{self.summary.one_line(_SUMMARY_LIMIT - len(rest))}{rest}"

    @property
    def variables(self) -> dict[str, str]:
        counts = self.summary.counts
        return {
            "ADD": str(counts["add"] + counts["replace"]),
            "CHANGE": str(counts["change"]),
            "DESTROY": str(counts["destroy"] + counts["replace"]),
            "PLAN_SHA256": self.sha256,
            "SUMMARY": self.line,
        }


class Planner:
    """Plans infra/, and cicd/ where the pipeline differs from it."""

    def __init__(self, aws: Aws, settings: Settings, environ: Mapping[str, str]) -> None:
        self._aws = aws
        self._s3 = aws.client("s3")
        self._settings = settings
        self._environ = environ
        self._names = Names(settings, aws.account)

    def plan(self, saved: SavedPlan) -> Planned:
        """Plan infra/ into a folder that can be applied; refuse what the policy forbids."""
        build(ROOT, ROOT / "build")
        saved.begin()
        terraform = self._open()
        self._plan(terraform, saved.file)
        document = terraform.show(saved.file)
        messages = commit_messages(self._aws, self._environ, ROOT)
        policy = evaluate(document, labels_of(messages))
        prices = read_prices(self._settings.region)
        endpoints = endpoint_costs(read_manifest(), prices)
        summary = summarize(document, policy=policy, prices=prices, endpoints=endpoints)
        pipeline = self._plan_pipeline()
        saved.write(DOCUMENT, json.dumps(document))
        saved.write(COMMIT, git_commit(ROOT, self._environ) + "\n")
        saved.write("summary.md", summary.markdown())
        saved.write("summary.html", summary.html())
        saved.write("summary.json", json.dumps(summary.document(), indent=2) + "\n")
        saved.add_packages(terraform.folder / LOCK_FILE)
        saved.seal()
        _refuse(policy.violations)
        return Planned(summary, pipeline, saved.sha256)

    def verify(self) -> None:
        """Plan again: after an apply nothing may be left to change."""
        build(ROOT, ROOT / "build")
        terraform = self._open()
        with TemporaryDirectory(dir=terraform.data_dir) as folder:
            plan = self._plan(terraform, Path(folder) / "verify.tfplan")
            if plan.changes:
                left = summarize(terraform.show(plan.file)).one_line(_SUMMARY_LIMIT)
                raise OperatorError(
                    f"a plan directly after the apply still changes something: {left} Somebody changed it "
                    "meanwhile, or the configuration never settles: compare with `ci.py drift`"
                )
        print("a plan changes nothing: what is in Git is what runs")

    def drift(self, folder: Path = DRIFT) -> DriftReport:
        """What was changed outside of Terraform, apart from what is not applied yet."""
        build(ROOT, ROOT / "build")
        folder.mkdir(parents=True, exist_ok=True)
        terraform = self._open()
        with TemporaryDirectory(dir=terraform.data_dir) as scratch:
            refreshed = self._plan(terraform, Path(scratch) / "refresh.tfplan", "-refresh-only")
            plan = self._plan(terraform, Path(scratch) / "drift.tfplan")
            report = drift_report(
                terraform.show(refreshed.file),
                terraform.show(plan.file),
                read_ignores(),
                today=datetime.now(UTC).date(),
                title=self._settings.prefix,
            )
        (folder / "drift.md").write_text(report.markdown(), encoding="utf-8")
        (folder / "drift.json").write_text(json.dumps(report.document(), indent=2) + "\n")
        return report

    def _open(self) -> Terraform:
        """Terraform for infra/, initialised, without the lock of a build that has ended."""
        terraform = make_terraform(
            self._names,
            self._environ,
            root=infra_root(self._settings),
            listener=lambda _: None,
        )
        terraform.init()
        Holder(self._aws, self._names).recover(terraform)
        return terraform

    def _plan(self, terraform: Terraform, file: Path, *options: str) -> Plan:
        with explained_state_lock(self._s3, self._names):
            return terraform.plan(file, *options)

    def _plan_pipeline(self) -> str:
        """How the pipeline would change; it does not apply that itself (docs/gitops.md says why)."""
        if not progress.state_tag(self._s3, self._names.state_bucket, CICD_STATE):
            return ""
        status, _ = progress.compare(self._s3, self._names, CICD_STATE, progress.cicd_hash())
        if status == progress.UNCHANGED:
            return ""
        print("cicd/ differs from the pipeline that is deployed:", flush=True)
        root = cicd_root(
            self._settings, load_cicd_settings(self._environ), self._names.state_bucket
        )
        terraform = make_terraform(self._names, self._environ, root=root, listener=lambda _: None)
        terraform.init()
        with TemporaryDirectory(dir=terraform.data_dir) as folder:
            plan = terraform.plan(Path(folder) / "cicd.tfplan")
            if not plan.changes:
                return ""
            counts = summarize(terraform.show(plan.file)).counts
        what = ", ".join(f"{number} to {kind}" for kind, number in counts.items() if number)
        return f"The pipeline itself: {what}; deploy-codepipeline.sh applies that."


def _refuse(violations: Sequence[Violation]) -> None:
    if violations:
        found = "\n".join(f"  {violation}" for violation in violations)
        raise OperatorError(
            f"the policy refuses this plan, so nobody is asked to approve it:\n{found}\n"
            "Change the configuration, or allow it with the label as a trailer of the commit message"
        )
