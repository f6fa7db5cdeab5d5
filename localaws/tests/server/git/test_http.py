"""Unmodified Git clients push, clone and fetch."""

import gzip
import http.client
import os
import threading
import urllib.error
import urllib.request

import pytest


def test_push_clone_and_fetch(tree, hosted):
    tree.commit(a="1", folder__run="2")
    tree.git("push", "--quiet", hosted, "main")
    tree.git("clone", "--quiet", hosted, "clone")
    clone = tree.path / "clone"
    assert (clone / "folder" / "run").read_text() == "2"
    tree.git("tag", "v1")
    commit = tree.commit(b="1")
    tree.git("push", "--quiet", hosted, "main", "v1", "main:feature")
    tree.git("-C", "clone", "fetch", "--quiet", "--tags")
    assert tree.git("-C", "clone", "rev-parse", "origin/feature") == commit
    assert tree.git("-C", "clone", "tag") == "v1"


def test_a_shallow_clone_that_is_deepened(tree, hosted):
    for number in range(4):
        commit = tree.commit(a=str(number))
    tree.git("push", "--quiet", hosted, "main")
    tree.git("clone", "--quiet", "--depth", "1", hosted, "clone")
    assert tree.git("-C", "clone", "rev-list", "--count", "HEAD") == "1"
    tree.git("-C", "clone", "fetch", "--quiet", "--unshallow")
    assert tree.git("-C", "clone", "rev-list", "--count", "HEAD") == "4"
    # As CodeBuild does: one commit by its id.
    tree.git("init", "--quiet", "one")
    tree.git("-C", "one", "fetch", "--quiet", "--depth", "1", hosted, commit)
    assert tree.git("-C", "one", "rev-parse", "FETCH_HEAD") == commit


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_every_version_of_the_protocol(tree, hosted, version):
    tree.commit(a="1")
    tree.git("-c", f"protocol.version={version}", "push", "--quiet", hosted, "main")
    listed = tree.git("-c", f"protocol.version={version}", "ls-remote", "--symref", hosted, "HEAD")
    assert listed.startswith("ref: refs/heads/main\tHEAD")


def test_a_large_pack_is_sent_in_chunks_and_back(tree, hosted):
    content = os.urandom(3 << 20)
    tree.commit(large=content)
    # Above postBuffer, Git sends with Transfer-Encoding: chunked.
    tree.git("-c", "http.postBuffer=65536", "push", "--quiet", hosted, "main")
    tree.git("clone", "--quiet", hosted, "clone")
    assert (tree.path / "clone" / "large").read_bytes() == content


def test_a_compressed_request(tree, hosted):
    commit = tree.commit(a="1")
    tree.git("push", "--quiet", hosted, "main")
    want = f"0032want {commit}\n00000009done\n".encode()
    request = urllib.request.Request(
        f"{hosted}/git-upload-pack", gzip.compress(want),
        {"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"},
    )  # fmt: skip
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Type"] == "application/x-git-upload-pack-result"
        assert b"PACK" in answer.read()


def test_a_client_that_leaves_ends_its_process(tree, hosted, localaws):
    tree.commit(large=os.urandom(2 << 20))
    tree.git("push", "--quiet", hosted, "main")
    commit = tree.git("rev-parse", "HEAD")
    host = localaws.endpoint_url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    body = f"0032want {commit}\n00000009done\n"
    path = hosted.removeprefix(localaws.endpoint_url)
    connection.request(
        "POST", f"{path}/git-upload-pack", body,
        {"Content-Type": "application/x-git-upload-pack-request"},
    )  # fmt: skip
    connection.getresponse().read(1000)
    connection.close()
    # The server still answers, and a clone is whole.
    tree.git("clone", "--quiet", hosted, "clone")


def test_pushes_at_the_same_time(tree, hosted):
    tree.commit(a="1")
    tree.git("push", "--quiet", hosted, "main")
    done = {}

    def push(number):
        done[number] = tree.run("push", hosted, f"main:branch{number}")

    threads = [threading.Thread(target=push, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.returncode for result in done.values()] == [0] * 4
    assert len(tree.git("ls-remote", "--heads", hosted).splitlines()) == 5


def test_a_push_that_would_lose_commits_is_refused(tree, hosted):
    tree.commit(a="1")
    tree.git("push", "--quiet", hosted, "main")
    tree.git("commit", "--amend", "-m", "Another")
    refused = tree.run("push", hosted, "main")
    assert refused.returncode == 1
    assert "non-fast-forward" in refused.stderr
    tree.git("push", "--force", hosted, "main")


def test_the_default_branch_cannot_be_deleted_by_a_push(tree, hosted):
    tree.commit(a="1")
    tree.git("push", "--quiet", hosted, "main")
    refused = tree.run("push", hosted, ":main")
    assert "deletion of the current branch prohibited" in refused.stderr


def test_an_unknown_repository_is_named(tree, localaws):
    refused = tree.run("ls-remote", f"{localaws.endpoint_url}/nobody/nothing.git")
    assert refused.returncode == 128
    assert "Repository not found: nobody/nothing" in refused.stderr


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/info/refs", 404),
        ("POST", "/info/refs?service=git-upload-pack", 405),
        ("GET", "/git-upload-pack", 405),
        ("GET", "/info/refs?service=git-upload-archive", 404),
    ],
)
def test_nothing_but_smart_http_is_served(hosted, method, path, status):
    request = urllib.request.Request(hosted + path, method=method)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request)
    with refusal.value as error:
        assert error.code == status


def test_a_path_does_not_leave_the_repository(localaws, hosted):
    host = localaws.endpoint_url.removeprefix("http://")
    path = hosted.removeprefix(localaws.endpoint_url)
    for name in (f"{path}/../config", f"{path}/config", f"{path}/objects/info/packs"):
        connection = http.client.HTTPConnection(host)
        connection.request("GET", name)
        with connection.getresponse() as answer:
            assert answer.status >= 400
            assert b"repositoryformatversion" not in answer.read()
        connection.close()
