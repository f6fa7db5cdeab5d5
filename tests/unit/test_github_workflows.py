"""What the workflows may do: the rules that act does not enforce, on every job."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from landing_zone.github.changes import DEPLOYED
from tests.unit.pages import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = {"actions/checkout", "aws-actions/configure-aws-credentials"}
# By workflow and job: what the job may do beyond reading the repository.
PERMISSIONS = {
    ("apply", "apply"): {"id-token": "write"},
    ("apply", "upload"): {"id-token": "write"},
    ("apply", "reviewed"): {"pull-requests": "read"},
    ("chatops", "command"): {"pull-requests": "write"},
    ("chatops", "deploy"): {"id-token": "write", "pull-requests": "write"},
    ("chatops", "evaluate"): {"id-token": "write", "pull-requests": "write"},
    ("ci", "lint"): {},
    ("ci", "test"): {},
    ("drift", "drift"): {"id-token": "write", "issues": "write"},
    ("plan", "plan"): {"id-token": "write", "pull-requests": "write"},
    ("upload", "changes"): {},
    ("upload", "upload"): {"id-token": "write"},
}
# By workflow and job: role of the job, and the part of `sub` that GitHub derives for it.
SUBJECTS = {
    ("apply", "apply"): ("apply", "environment"),
    ("apply", "upload"): ("upload", "ref"),
    ("chatops", "deploy"): ("deployment", "environment:deploy-candidate"),
    ("chatops", "evaluate"): ("evaluation", "environment:evaluation"),
    ("drift", "drift"): ("drift", "environment:drift"),
    ("plan", "plan"): ("plan", "pull_request"),
    ("upload", "upload"): ("upload", "ref"),
}
RUN = re.compile(
    r"(make [a-z -]+|python3 deployment-scripts/(ci|github|evaluate_candidate|deploy_candidate)\.py.*)"
)
OWN_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"


def read(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


JOBS = {(path.stem, name): job for path in WORKFLOWS for name, job in read(path)["jobs"].items()}


def steps(job):
    return job["steps"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_is_permitted_by_default(path):
    assert read(path)["permissions"] == {}


def test_each_job_has_the_permissions_of_its_purpose():
    found = {
        key: {name: level for name, level in job["permissions"].items() if name != "contents"}
        for key, job in JOBS.items()
    }
    assert found == PERMISSIONS
    assert {job["permissions"]["contents"] for job in JOBS.values()} == {"read"}


@pytest.mark.parametrize("key", JOBS, ids="/".join)
def test_only_two_actions_are_used_and_by_commit(key):
    for step in steps(JOBS[key]):
        if "uses" in step:
            name, _, pin = step["uses"].partition("@")
            assert name in ACTIONS
            assert re.fullmatch(r"[0-9a-f]{40}", pin)
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("key", JOBS, ids="/".join)
def test_a_step_runs_only_scripts_and_no_expression(key):
    for step in steps(JOBS[key]):
        for line in step.get("run", "").splitlines():
            assert RUN.fullmatch(line.strip()), line
            assert "${{" not in line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_secret_is_used(path):
    assert "secrets." not in path.read_text()
    assert "pull_request_target" not in path.read_text()


@pytest.mark.parametrize("key", JOBS, ids="/".join)
def test_a_job_with_a_token_assumes_the_role_of_its_subject(key):
    job = JOBS[key]
    roles = [
        step["with"]["role-to-assume"].rpartition("-github-")[2]
        for step in steps(job)
        if step.get("uses", "").startswith("aws-actions/")
    ]
    if "id-token" not in job["permissions"]:
        assert (roles, key in SUBJECTS) == ([], False)
        return
    purpose, subject = SUBJECTS[key]
    assert roles == [purpose]
    if subject.startswith("environment"):
        assert job["environment"] == (subject.partition(":")[2] or job["environment"])
    else:
        assert "environment" not in job
    if subject == "pull_request":
        # Otherwise a fork would run it too, without a token.
        assert job["if"] == OWN_REPOSITORY


def test_the_tests_do_not_run_for_a_fork():
    assert JOBS["ci", "test"]["if"].endswith(OWN_REPOSITORY)
    assert "if" not in JOBS["ci", "lint"]


def test_only_the_scripts_of_the_default_branch_run_with_a_role_for_a_comment():
    for job in ("evaluate", "deploy"):
        others = [
            step["with"]
            for step in steps(JOBS["chatops", job])
            if step.get("uses", "").startswith("actions/checkout@") and "ref" in step["with"]
        ]
        assert all(given["path"] == "build/candidate" for given in others)


@pytest.mark.parametrize("key", JOBS, ids="/".join)
def test_a_job_has_a_limit_of_time_and_a_fixed_runner(key):
    assert JOBS[key]["runs-on"] == "ubuntu-24.04"
    assert JOBS[key]["timeout-minutes"] <= 120


def test_what_terraform_deploys_is_one_list():
    apply = read(ROOT / ".github/workflows/apply.yml")
    # YAML 1.1 reads the key `on` as true.
    assert tuple(apply[True]["push"]["paths"]) == DEPLOYED


def test_an_action_has_one_version_everywhere():
    pins = {step["uses"] for job in JOBS.values() for step in steps(job) if "uses" in step}
    assert len(pins) == len(ACTIONS)
