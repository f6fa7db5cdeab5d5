"""Every workflow, run by act with the shipped scripts, OpenID Connect and STS."""

from __future__ import annotations

import json

import pytest

from tests.local.github.fake_api import REPOSITORY

NUMBER = 7
MARKER = "<!-- landing-zone: plan of ml-core production -->"
BEFORE, COMMAND, AFTER = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"
# The name that cicd/modules/artifacts gives.
BUCKET = "ml-core-production-cicd-123456789012-artifacts"


def role(purpose):
    return f":assumed-role/ml-core-production-cicd-github-{purpose}/"


@pytest.fixture
def pull(runner, github):
    """An open pull request of a branch of the repository; its head is the commit that is returned."""
    head = runner.commit("The change of the pull request", NEW="1")
    repo = {"full_name": REPOSITORY, "pushed_at": BEFORE}
    github.repository.pulls[NUMBER] = {
        "number": NUMBER, "state": "open", "merged_at": None, "merge_commit_sha": None,
        "head": {"sha": head, "ref": "change", "repo": repo},
        "base": {"ref": "main", "sha": runner.main, "repo": repo},
    }  # fmt: skip
    github.repository.commits[head] = commit_of("tree-of-the-change", BEFORE)
    github.repository.permissions["maintainer"] = "write"
    return github.repository.pulls[NUMBER]


def commit_of(tree, date):
    return {"commit": {"tree": {"sha": tree}, "committer": {"date": date}}}


def pull_request(pull):
    return {"action": "synchronize", "number": NUMBER, "pull_request": pull}


def comments(github):
    return [comment["body"] for comment in github.repository.comments.get(NUMBER, [])]


def test_a_plan_is_shown_in_one_comment_that_is_updated(runner, github, pull):
    event = pull_request(pull)
    runner.prepare("plan", summary__md=f"{MARKER}\n### 1 to add\n")
    first = runner.run("plan.yml", "pull_request", event)
    assert first.code == 0, first.output
    assert first.steps() == ["terraform", "plan"]
    plan = first.call("plan")
    assert plan["arguments"] == ["--store"]
    assert plan["settings"]["GIT_COMMIT"] == pull["head"]["sha"]
    assert plan["settings"]["BUILD_STAGE"] == "production"
    assert plan["settings"]["ARTIFACT_BUCKET"] == BUCKET
    assert role("plan") in plan["identity"]
    (created,) = github.repository.comments[NUMBER]
    assert created["body"].startswith(MARKER)
    # Somebody else's comment with the same first line is left alone.
    copied = {**created, "id": 1, "user": {"login": "maintainer", "type": "User"}}
    github.repository.comments[NUMBER].insert(0, copied)
    runner.prepare("plan", summary__md=f"{MARKER}\n### 2 to destroy\n")
    assert runner.run("plan.yml", "pull_request", event).code == 0
    other, updated = github.repository.comments[NUMBER]
    assert "1 to add" in other["body"]
    assert "2 to destroy" in updated["body"]
    assert updated["id"] == created["id"]


def test_a_plan_that_the_policy_refuses_is_shown_and_fails(runner, github, pull):
    runner.prepare("plan", code=1, summary__md=f"{MARKER}\nrefused: deletes a bucket\n")
    done = runner.run("plan.yml", "pull_request", pull_request(pull))
    assert done.code != 0
    assert "deletes a bucket" in comments(github)[0]


def test_a_fork_gets_no_token(runner, github, pull):
    pull["head"]["repo"] = {"full_name": "stranger/landing-zone", "pushed_at": BEFORE}
    assert runner.run("plan.yml", "pull_request", pull_request(pull)).calls == []
    done = runner.run("ci.yml", "pull_request", pull_request(pull))
    assert done.code == 0, done.output
    assert done.steps() == ["lint", "policy"]
    assert all("identity" not in call for call in done.calls)
    assert github.repository.writes == []


def test_a_pull_request_of_the_repository_is_tested(runner, pull):
    done = runner.run("ci.yml", "pull_request", pull_request(pull))
    assert sorted(done.steps()) == ["lint", "policy", "test"]


@pytest.fixture
def merged(runner, github, pull):
    """The push of the merge of the pull request."""
    commit = runner.commit("Merge the change")
    pull |= {"state": "closed", "merged_at": AFTER, "merge_commit_sha": commit}
    github.repository.commits[commit] = commit_of("tree-of-the-change", AFTER)
    return {"ref": "refs/heads/main", "after": commit, "before": runner.main}


def test_the_reviewed_plan_is_applied(runner, pull, merged):
    done = runner.run("apply.yml", "push", merged)
    assert done.code == 0, done.output
    assert done.steps() == ["terraform", "apply", "verify", "upload"]
    assert done.call("apply")["arguments"] == ["--from", pull["head"]["sha"]]
    assert role("apply") in done.call("apply")["identity"]
    assert done.call("apply")["settings"]["ARTIFACT_BUCKET"] == BUCKET
    assert role("upload") in done.call("upload")["identity"]


def test_a_merge_with_other_files_than_the_plan_is_not_applied(runner, github, pull, merged):
    github.repository.commits[merged["after"]] = commit_of("another-tree", AFTER)
    done = runner.run("apply.yml", "push", merged)
    assert done.code != 0
    assert done.calls == []
    assert "main had moved on" in done.output


def test_a_commit_without_a_pull_request_is_not_applied(runner, github, pull, merged):
    pull["merged_at"] = None
    done = runner.run("apply.yml", "push", merged)
    assert (done.code != 0, done.calls) == (True, [])
    assert "has no reviewed plan" in done.output


def test_a_stale_plan_fails_the_apply(runner, pull, merged):
    runner.prepare("apply", code=1)
    done = runner.run("apply.yml", "push", merged)
    assert done.code != 0
    assert "verify" not in done.steps()


@pytest.mark.parametrize("changed", [["config/manifest.json"], ["workflow/train.py"]])
def test_code_alone_is_uploaded_at_once(runner, github, merged, changed):
    github.repository.changed = changed
    done = runner.run("upload.yml", "push", merged)
    assert done.code == 0, done.output
    assert done.steps() == ["upload"]
    assert role("upload") in done.call("upload")["identity"]


def test_a_push_that_changes_the_infrastructure_too_is_uploaded_after_the_apply(
    runner, github, merged
):
    github.repository.changed = ["workflow/train.py", "infra/main.tf"]
    done = runner.run("upload.yml", "push", merged)
    assert (done.code, done.calls) == (0, [])


def test_drift_opens_one_issue_updates_it_and_closes_it(runner, github):
    def drift(code, text):
        body = f"<!-- landing-zone: drift of ml-core production -->\n### Drift: ml-core\n{text}\n"
        runner.prepare("drift", drift__md=body, drift__json=json.dumps({"exit_code": code}))
        done = runner.run("drift.yml", "schedule", {})
        assert done.code == 0, done.output
        assert role("drift") in done.call("drift")["identity"]
        return list(github.repository.issues.values())

    (opened,) = drift(2, "a bucket was changed")
    assert (opened["state"], opened["labels"]) == ("open", ["drift"])
    assert opened["title"] == "Drift: ml-core"
    (updated,) = drift(2, "a role was changed")
    assert "a role was changed" in updated["body"]
    (closed,) = drift(0, "nothing was changed")
    assert closed["state"] == "closed"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"event_name": "push"}, "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        ({"repository": "stranger/landing-zone"}, "Not authorized to perform"),
        ({"environment": "production"}, "Not authorized to perform"),
    ],
)
def test_a_token_of_another_job_is_refused_with_the_reason(runner, pull, claims, reason):
    runner.claims = claims
    done = runner.run("plan.yml", "pull_request", pull_request(pull))
    assert done.code != 0
    assert reason in done.output
    assert "plan" not in done.steps()


def comment_event(body, login="maintainer", association="MEMBER", **user):
    return {
        "action": "created",
        "issue": {"number": NUMBER, "pull_request": {"url": "u"}},
        "comment": {
            "id": 5, "body": body, "created_at": COMMAND, "author_association": association,
            "user": {"login": login, "type": "User", **user},
        },
    }  # fmt: skip


@pytest.fixture
def evaluation(runner):
    """The scripts for candidates, which record what they were given."""
    for name in ("evaluate_candidate", "deploy_candidate"):
        text = f"""
import sys
from pathlib import Path
sys.path.insert(0, "deployment-scripts")
from ci import main
folder = Path("build/ci/evaluation")
folder.mkdir(parents=True, exist_ok=True)
for name in ("evaluation", "deployment"):
    (folder / f"{{name}}.md").write_text(f"<!-- landing-zone: {{name}} -->\\n| r2 | 0.8 |\\n")
sys.exit(main("{name}", *sys.argv[1:]))
"""
        (runner.work / f"deployment-scripts/{name}.py").write_text(text)
    runner.main = runner.commit("Scripts that record")
    return runner


@pytest.mark.parametrize("event", [
    comment_event("/evaluate", "stranger", "NONE"),
    comment_event("/evaluate", "stranger", "CONTRIBUTOR"),
    comment_event("/evaluate", "stranger", "MEMBER"),
    comment_event("/evaluate", type="Bot"),
    comment_event("/evaluateall"),
    comment_event("please /evaluate"),
])  # fmt: skip
def test_who_may_not_give_a_command_gets_no_answer(evaluation, github, pull, event):
    done = evaluation.run("chatops.yml", "issue_comment", event)
    assert done.code == 0, done.output
    assert done.calls == []
    assert github.repository.writes == []


def test_evaluate_trains_the_head_and_shows_the_table(evaluation, github, pull):
    head = pull["head"]["sha"]
    done = evaluation.run("chatops.yml", "issue_comment", comment_event("/evaluate"))
    assert done.code == 0, done.output
    (call,) = done.calls
    assert call["arguments"] == [
        "--candidate", "build/candidate", "--pull-request", str(NUMBER), "--commit", head,
    ]  # fmt: skip
    assert role("evaluation") in call["identity"]
    assert "| r2 | 0.8 |" in comments(github)[0]
    assert github.repository.labels[NUMBER] == ["evaluation-complete"]


def test_deploy_candidate_runs_in_its_own_role(evaluation, github, pull):
    head = pull["head"]["sha"]
    done = evaluation.run(
        "chatops.yml", "issue_comment", comment_event(f"/deploy-candidate {head}")
    )
    assert done.code == 0, done.output
    (call,) = done.calls
    assert call["arguments"] == ["--pull-request", str(NUMBER), "--commit", head]
    assert role("deployment") in call["identity"]
    assert github.repository.labels[NUMBER] == ["deployed"]


@pytest.mark.parametrize("pushed", [True, False])
def test_a_commit_after_the_command_is_refused(evaluation, github, pull, pushed):
    head = pull["head"]["sha"]
    if pushed:
        pull["head"]["repo"]["pushed_at"] = AFTER
    else:
        github.repository.commits[head] = commit_of("t", AFTER)
    done = evaluation.run("chatops.yml", "issue_comment", comment_event("/evaluate"))
    assert done.code != 0
    assert done.calls == []
    assert f"/evaluate {head}" in comments(github)[0]


def test_a_fork_is_not_evaluated(evaluation, github, pull):
    pull["head"]["repo"] = {"full_name": "stranger/landing-zone", "pushed_at": BEFORE}
    done = evaluation.run("chatops.yml", "issue_comment", comment_event("/evaluate"))
    assert (done.code != 0, done.calls) == (True, [])
    assert "comes from a fork" in comments(github)[0]


def test_the_roles_are_as_planned_and_can_be_destroyed(roles):
    """Last in this file: the other tests need the roles."""
    again = roles.run("plan", "-detailed-exitcode")
    assert again.returncode == 0, again.stdout
    destroyed = roles.run("destroy", "-auto-approve")
    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
