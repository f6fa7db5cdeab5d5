"""What a push announces, and what a repository says about its contents."""

import io
import stat
import threading
import zipfile

import pytest

from localaws.services.git.commands import GitError, git
from localaws.services.git.repository import is_ref_name
from localaws.services.git.writing import Entry, entries, set_branch, write_blob, write_tree

CALLER = "arn:aws:iam::123456789012:user/ada"


def test_the_first_push_brings_every_file_and_chooses_the_default_branch(
    repository, checkout, events
):
    assert repository.default_branch is None
    commit = checkout.commit(a="1", folder__b="2")
    checkout.push("main:trunk")
    push = events.push()
    assert (push.ref, push.branch, push.tag) == ("refs/heads/trunk", "trunk", None)
    assert (push.before, push.after, push.commit) == (None, commit, commit)
    assert push.changed_files == ("a", "folder/b")
    assert push.repository is repository
    assert repository.default_branch == "trunk"


def test_an_update_has_the_files_of_every_new_commit(checkout, events):
    first = checkout.commit(a="1", b="1", c="1")
    checkout.push("main")
    events.push()
    checkout.commit(b="2")
    second = checkout.commit(c=None, d="1")
    checkout.push("main")
    push = events.push()
    assert (push.before, push.after) == (first, second)
    assert push.changed_files == ("b", "c", "d")


def test_a_rename_counts_with_both_paths(checkout, events):
    checkout.commit(old="the same long text\n" * 20)
    checkout.push("main")
    events.push()
    checkout.git("mv", "old", "new")
    checkout.commit()
    checkout.push("main")
    assert events.push().changed_files == ("new", "old")


def test_a_path_that_is_not_ascii_is_one_path(checkout, events):
    checkout.commit(**{"größe\n.txt": "1"})
    checkout.push("main")
    assert events.push().changed_files == ("größe\n.txt",)


def test_a_new_branch_has_the_files_since_it_left_the_default_branch(checkout, events):
    checkout.commit(a="1")
    checkout.push("main")
    events.push()
    checkout.git("checkout", "--quiet", "-b", "feature")
    checkout.commit(b="1")
    checkout.git("checkout", "--quiet", "main")
    checkout.commit(only_on_main="1")
    checkout.push("main")
    assert events.push().changed_files == ("only_on_main",)
    checkout.push("feature")
    push = events.push()
    assert (push.branch, push.before) == ("feature", None)
    assert push.changed_files == ("b",)


def test_a_tag_has_the_files_that_the_default_branch_did_not_have(repository, checkout, events):
    checkout.commit(a="1")
    checkout.push("main")
    events.push()
    commit = checkout.commit(b="1")
    checkout.git("tag", "-a", "v1", "-m", "first")
    checkout.push("main", "v1")
    branch, tag = events.push(), events.push()
    assert (branch.branch, branch.changed_files) == ("main", ("b",))
    assert (tag.tag, tag.branch, tag.changed_files) == ("v1", None, ("b",))
    assert tag.commit == commit != tag.after
    assert repository.tags() == {"v1": tag.after}
    assert repository.resolve("v1").id == commit


def test_a_tag_of_a_known_commit_brings_no_files(checkout, events):
    checkout.commit(a="1")
    checkout.push("main")
    events.push()
    checkout.git("tag", "v1")
    checkout.push("v1")
    assert events.push().changed_files == ()


def test_a_branch_without_common_history_brings_every_file(checkout, events):
    checkout.commit(a="1")
    checkout.push("main")
    events.push()
    checkout.git("checkout", "--quiet", "--orphan", "pages")
    checkout.commit(b="1")
    checkout.push("pages")
    assert events.push().changed_files == ("a", "b")


def test_a_forced_push_and_a_deletion(checkout, events):
    base = checkout.commit(a="1")
    checkout.push("main")
    old = checkout.commit(b="1")
    checkout.push("main:feature")
    checkout.git("reset", "--quiet", "--hard", base)
    new = checkout.commit(c="1")
    checkout.push("+main:feature")
    for _ in range(2):
        events.push()
    push = events.push()
    assert (push.before, push.after, push.changed_files) == (old, new, ("b", "c"))
    checkout.push(":feature")
    push = events.push()
    assert (push.before, push.after, push.commit, push.changed_files) == (new, None, None, ())


def test_a_refused_push_is_no_event(repositories, repository, checkout, events):
    checkout.commit(a="1")
    checkout.push("main")
    events.push()
    checkout.git("reset", "--quiet", "--hard")
    checkout.git("checkout", "--quiet", "--orphan", "other")
    checkout.commit(b="1")
    with events.nothing(repositories, repository), pytest.raises(Exception, match="non-zero"):
        checkout.push("other:main")


def test_concurrent_changes_are_announced_once_each(repository, checkout, events):
    base = checkout.commit(a="1")
    checkout.push("main")
    events.push()

    def create(number):
        tree = write_tree(
            repository, {f"file{number}": Entry("100644", write_blob(repository, b"x"))}
        )
        assert tree
        with repository.changing(CALLER):
            set_branch(repository, f"branch{number}", base, None)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pushes = [events.push() for _ in range(6)]
    assert sorted(push.branch for push in pushes) == [f"branch{number}" for number in range(6)]
    assert {push.caller for push in pushes} == {CALLER}


def test_a_listener_that_fails_does_not_stop_the_next_one(
    repositories, checkout, repository, events, caplog
):
    def fail(event):
        raise RuntimeError("no")

    repositories.subscribe(fail)
    checkout.commit(a="1")
    checkout.push("main")
    assert events.push().branch == "main"
    checkout.commit(a="2")
    checkout.push("main")
    assert events.push().branch == "main"
    assert "a listener failed" in caplog.text


def test_an_archive_is_the_tree_with_its_modes(repository, checkout):
    (checkout.path / "run.sh").write_text("#!/bin/sh\n")
    (checkout.path / "run.sh").chmod(0o755)
    (checkout.path / "link").symlink_to("run.sh")
    # Attributes of the commit change neither what is in the archive nor a byte of it.
    attributes = "hidden export-ignore\nversion export-subst\n*.txt eol=crlf text\n"
    commit = checkout.commit(
        hidden="1", version="$Format:%H$", **{"a.txt": "1\n2\n", ".gitattributes": attributes}
    )
    checkout.push("main")
    with zipfile.ZipFile(io.BytesIO(repository.archive(commit))) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        assert archive.read("version") == b"$Format:%H$"
        assert archive.read("a.txt") == b"1\n2\n"
    assert sorted(modes) == [".gitattributes", "a.txt", "hidden", "link", "run.sh", "version"]
    assert modes["run.sh"] & 0o111 and not modes["a.txt"] & 0o111
    assert stat.S_ISLNK(modes["link"])


def test_a_ref_is_a_branch_before_it_is_a_tag(repository, checkout):
    first = checkout.commit("First\n\nwith a body", a="1")
    checkout.git("tag", "both")
    second = checkout.commit(a="2")
    checkout.push("main", "main:both", "refs/tags/both")
    assert repository.resolve("both").id == second
    assert repository.resolve("refs/tags/both").id == first
    assert repository.resolve(first[:10]).id == first
    assert repository.resolve("HEAD").id == second
    commit = repository.resolve(first)
    assert (commit.author, commit.authored.email) == ("Ada", "ada@example.com")
    assert commit.message.startswith("First\n\nwith a body")
    assert commit.date.tzinfo is not None
    assert repository.resolve(second).parents == (first,)


@pytest.mark.parametrize(
    "ref", ["", "missing", "-v", "--help", "a b", "main^", "main~1", "@{-1}", "a..b"]
)
def test_what_is_no_ref_of_the_repository_resolves_to_nothing(repository, checkout, ref):
    checkout.commit(a="1")
    checkout.push("main")
    assert repository.resolve(ref) is None


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("main", True), ("feature/a-b_c.d", True), ("a@b", True), ("größe", True),
        ("", False), ("-a", False), ("a..b", False), ("a b", False), (".a", False), ("a/.b", False),
        ("a.lock", False), ("a/", False), ("/a", False), ("a//b", False), ("@", False), ("a.", False),
    ],
)  # fmt: skip
def test_names_of_refs_are_those_that_git_allows(tmp_path, name, allowed):
    assert is_ref_name(name) is allowed
    if not name.startswith("-"):
        try:
            git(tmp_path, "check-ref-format", f"refs/heads/{name}")
        except GitError:
            assert not allowed
        else:
            # Git itself would allow @ below refs/heads, but no command could name it.
            assert allowed or name == "@"


def test_a_tree_of_files_in_folders(repository, checkout):
    commit = checkout.commit(a="1", folder__b="2")
    checkout.push("main")
    files = entries(repository, commit)
    assert sorted(files) == ["a", "folder/b"]
    assert write_tree(repository, files) == repository.resolve("main").tree
