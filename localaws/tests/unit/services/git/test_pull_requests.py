"""Pull requests follow their branches, and each change is announced."""

import pytest

from localaws.services.git.merging import MergeConflictError
from localaws.services.git.pull_requests import (
    AlreadyClosedError,
    PullRequestError,
    PullRequests,
    TipHasMovedError,
    UnknownBranchError,
)
from unit.services.git.conftest import CALLER, NOW


@pytest.fixture
def branches(checkout, events):
    """main, and feature with one more commit; their pushes are announced already."""
    base = checkout.commit(a="1\n2\n3\n")
    checkout.push("main")
    checkout.git("checkout", "--quiet", "-b", "feature")
    head = checkout.commit(b="1")
    checkout.push("feature")
    for _ in range(2):
        events.push()
    return base, head


@pytest.fixture
def opened(repository, branches, events):
    record = repository.pull_requests.open("Add b", "", ("feature", "main"), CALLER, NOW)
    event = events.pull_request()
    assert event.action == "opened"
    return record


def test_an_opened_pull_request(repository, branches, events):
    base, head = branches
    record = repository.pull_requests.open("Add b", "why", ("feature", "main"), CALLER, NOW)
    event = events.pull_request()
    assert (event.number, event.action, event.title) == (1, "opened", "Add b")
    assert (event.head, event.base, event.branches) == (head, base, ("feature", "main"))
    assert event.changed_files == ("b",)
    assert event.record == record
    assert record.merge_base == base


def test_a_push_to_the_source_branch_updates_it(checkout, opened, events):
    head = checkout.commit(c="1")
    checkout.push("feature")
    assert events.push().branch == "feature"
    event = events.pull_request()
    assert (event.action, event.head, event.changed_files) == ("updated", head, ("b", "c"))
    assert event.record.revision != opened.revision


def test_a_push_to_the_destination_alone_announces_nothing(
    repositories, repository, checkout, opened, events
):
    checkout.git("checkout", "--quiet", "main")
    base = checkout.commit(d="1")
    with events.nothing(repositories, repository):
        checkout.push("main")
        assert events.push().branch == "main"
    assert repository.pull_requests.find(1).base == base


@pytest.mark.parametrize(
    ("option", "parents"),
    [("FAST_FORWARD_MERGE", 1), ("SQUASH_MERGE", 1), ("THREE_WAY_MERGE", 2)],
)
def test_a_merge(repository, opened, branches, events, option, parents):
    base, head = branches
    record = repository.pull_requests.merge(1, option, CALLER, NOW)
    push, event = events.push(), events.pull_request()
    assert (push.branch, push.before, push.after) == ("main", base, record.merge_commit)
    assert push.changed_files == ("b",)
    assert (event.action, event.base, event.record.merge_option) == (
        "merged", record.merge_commit, option,
    )  # fmt: skip
    commit = repository.resolve("main")
    assert len(commit.parents) == parents
    assert (commit.id == head) is (option == "FAST_FORWARD_MERGE")
    assert record.is_merged and not record.is_open
    with pytest.raises(AlreadyClosedError, match="merged already"):
        repository.pull_requests.merge(1, option, CALLER, NOW)


def test_a_merge_by_a_push_is_seen(checkout, opened, branches, events):
    checkout.push("feature:main")
    assert events.push().branch == "main"
    event = events.pull_request()
    assert (event.action, event.record.merge_commit) == ("merged", branches[1])


def test_a_merge_that_needs_a_person_changes_nothing(
    repositories, repository, checkout, opened, events
):
    checkout.commit(a="1\nfeature\n3\n")
    checkout.push("feature")
    checkout.git("checkout", "--quiet", "main")
    checkout.commit(a="1\nmain\n3\n")
    checkout.push("main")
    for _ in range(3):
        events.next()
    before = repository.branches()
    with events.nothing(repositories, repository):
        with pytest.raises(MergeConflictError, match="both branches have changed a"):
            repository.pull_requests.merge(1, "THREE_WAY_MERGE", CALLER, NOW)
        with pytest.raises(MergeConflictError, match="cannot be forwarded"):
            repository.pull_requests.merge(1, "FAST_FORWARD_MERGE", CALLER, NOW)
    assert repository.branches() == before
    assert repository.pull_requests.find(1).is_open


def test_a_merge_of_another_commit_than_expected_is_refused(repository, opened, branches):
    with pytest.raises(TipHasMovedError, match="not at"):
        repository.pull_requests.merge(1, "SQUASH_MERGE", CALLER, NOW, expected_head=branches[0])


def test_it_is_closed_with_its_branch_on_github(checkout, opened, events):
    checkout.push(":feature")
    assert events.push().after is None
    assert events.pull_request().action == "closed"


def test_it_stays_open_without_its_branch_on_codecommit(repository, checkout, branches, events):
    repository.pull_requests = PullRequests(repository, iter([7]), close_without_branch=False)
    record = repository.pull_requests.open("Add b", "", ("feature", "main"), CALLER, NOW)
    assert record.number == 7
    checkout.push(":feature")
    assert repository.pull_requests.find(7).is_open


def test_close_and_edit(repository, opened, events):
    repository.pull_requests.edit(1, CALLER, NOW, title="Other", announce=True)
    event = events.pull_request()
    assert (event.action, event.title) == ("updated", "Other")
    repository.pull_requests.close(1, CALLER, NOW)
    assert events.pull_request().action == "closed"
    with pytest.raises(AlreadyClosedError, match="closed already"):
        repository.pull_requests.edit(1, CALLER, NOW, title="x")
    with pytest.raises(PullRequestError, match="no pull request 9; it has: 1"):
        repository.pull_requests.close(9, CALLER, NOW)


def test_branches_have_to_exist_and_to_differ(repository, branches):
    with pytest.raises(UnknownBranchError, match="'missing'"):
        repository.pull_requests.open("x", "", ("missing", "main"), CALLER, NOW)
    with pytest.raises(PullRequestError, match="into itself"):
        repository.pull_requests.open("x", "", ("main", "main"), CALLER, NOW)


def test_a_push_of_both_branches_that_brings_one_to_the_other_merges_it(
    repository, checkout, opened, events
):
    head = checkout.commit(c="1")
    checkout.push("feature", "feature:main")
    events.push(), events.push()
    event = events.pull_request()
    assert (event.action, event.head, event.base) == ("merged", head, head)
