"""Who may give a command in a comment, and to which commit it applies."""

from copy import deepcopy

import pytest

from landing_zone.github.chatops import Command, RefusedError, read_command
from tests.unit.deployment_scripts.github.fakes import FakeApi

HEAD = "a" * 40
BEFORE, COMMAND, AFTER = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"
REPO = {"full_name": "o/r", "pushed_at": BEFORE}
PULL = {"state": "open", "head": {"sha": HEAD, "repo": REPO}, "base": {"repo": REPO}}


def api(pull=None, date=BEFORE, role="write", role_name=None):
    return FakeApi(
        {
            "pulls/7": pull or PULL,
            "collaborators/dev/permission": {
                "permission": role,
                "role_name": role_name or role,
            },
            f"commits/{HEAD}": {"commit": {"committer": {"date": date}}},
        }
    )


def event(body="/evaluate", association="MEMBER", kind="User", login="dev", **changes):
    user = {"login": login, "type": kind}
    comment = {
        "body": body, "created_at": COMMAND, "author_association": association, "user": user,
    }  # fmt: skip
    issue = {"number": 7, "pull_request": {}}
    return {"action": "created", "issue": issue, "comment": comment, **changes}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("/evaluate", "evaluate"),
        ("/evaluate  ", "evaluate"),
        ("/evaluate\r\nplease", "evaluate"),
        (f"/evaluate {HEAD}", "evaluate"),
        ("/deploy-candidate", "deploy-candidate"),
        (f"/deploy-candidate {HEAD}\nnow", "deploy-candidate"),
    ],
)
def test_a_command_at_the_start_of_a_comment(body, name):
    assert read_command(event(body), api()) == Command(name, 7, HEAD)


@pytest.mark.parametrize(
    "body",
    [
        "", " /evaluate", "evaluate", "/evaluated", "/evaluate now", "x\n/evaluate", "/deploy",
        "/Evaluate", f"/evaluate {HEAD[:12]}", f"/evaluate {HEAD}x", "/evaluate; rm -rf /",
    ],
)  # fmt: skip
def test_everything_else_is_no_command(body):
    assert read_command(event(body), api()) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"association": "NONE"},
        {"association": "CONTRIBUTOR"},
        {"association": "FIRST_TIME_CONTRIBUTOR"},
        {"kind": "Bot"},
        {"login": "../../orgs/o"},
        {"login": "other"},
        {"action": "edited"},
        {"issue": {"number": 7}},
    ],
)
def test_who_may_not_gets_no_answer(changes):
    assert read_command(event(**changes), api()) is None


@pytest.mark.parametrize(
    ("role", "role_name", "may"),
    [
        ("admin", "admin", True),
        ("write", "maintain", True),
        ("write", "custom-role", True),
        ("read", "triage", False),
        ("read", "write", False),
        ("none", "none", False),
    ],
)
def test_the_permission_of_now_counts(role, role_name, may):
    found = read_command(event(), api(role=role, role_name=role_name))
    assert (found is not None) is may


def pull(**changes):
    found = deepcopy(PULL)
    for path, value in changes.items():
        *parents, name = path.split("__")
        target = found
        for parent in parents:
            target = target[parent]
        target[name] = value
    return found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "closed"}, "is closed"),
        ({"head__repo": {"full_name": "stranger/r", "pushed_at": BEFORE}}, "comes from a fork"),
        ({"head__repo": None}, "comes from a fork (deleted)"),
    ],
)
@pytest.mark.parametrize("body", ["/evaluate", f"/evaluate {HEAD}"])
def test_refusals(changes, words, body):
    with pytest.raises(RefusedError) as refused:
        read_command(event(body), api(pull(**changes)))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("date", "pushed", "words"),
    [
        (AFTER, BEFORE, "was committed"),
        (BEFORE, AFTER, "may have been pushed"),
        ("2026-01-01T10:00:00+02:00", BEFORE, "was committed"),
    ],
)
def test_a_commit_after_the_command_is_refused_with_the_command_for_it(date, pushed, words):
    repo = {**REPO, "pushed_at": pushed}
    with pytest.raises(RefusedError) as refused:
        read_command(event(), api(pull(head__repo=repo), date))
    assert words in str(refused.value)
    assert f"/evaluate {HEAD}" in str(refused.value)
    # Naming the commit removes the doubt.
    assert read_command(event(f"/evaluate {HEAD}"), api(pull(head__repo=repo), date))


def test_another_commit_than_the_head_is_refused():
    with pytest.raises(RefusedError, match=f"the head of pull request 7 is {HEAD}"):
        read_command(event(f"/evaluate {'b' * 40}"), api())
