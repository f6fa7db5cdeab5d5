import os
import socket
import subprocess
import sys

import pytest

from localaws.core import peer

_CLIENT = """
import os, socket, sys
port, user, family, then = sys.argv[1:]
if user:
    os.setuid(int(user))
client = socket.socket(getattr(socket, family))
client.connect(("127.0.0.1" if family == "AF_INET" else "::ffff:127.0.0.1", int(port)))
if then == "shutdown":
    client.shutdown(socket.SHUT_WR)
if then == "close":
    client.close()
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["netlink", "tables"])
def uid_of_peer(request, monkeypatch):
    """The function, with both ways to ask the kernel."""
    if request.param == "tables":
        monkeypatch.setattr(peer, "_ask_for_socket", lambda *_addresses: None)
    else:
        monkeypatch.setattr(peer, "_TABLES", ())
    return peer.uid_of_peer


@pytest.fixture
def connect():
    """``connect()`` is the server's end of a connection of another process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = []

        def start(user="", family="AF_INET", then="", before=()):
            port = str(server.getsockname()[1])
            client = subprocess.Popen(
                [*before, sys.executable, "-I", "-c", _CLIENT, port, user, family, then],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
            )  # fmt: skip
            connection, _ = server.accept()
            started.append((client, connection))
            assert client.stdout.readline() == b"done\n"
            return connection

        yield start
        for client, connection in started:
            connection.close()
            client.communicate()


def test_the_user_of_a_client_is_found(connect, uid_of_peer):
    assert uid_of_peer(connect()) == os.getuid()
    assert uid_of_peer(connect(then="shutdown")) == os.getuid()


def test_a_client_with_an_ipv6_socket_is_found(connect, uid_of_peer):
    assert uid_of_peer(connect(family="AF_INET6")) == os.getuid()


def test_root_in_a_user_namespace_is_the_user_outside(connect, uid_of_peer):
    unshare = ("unshare", "--user", "--map-root-user")
    assert uid_of_peer(connect(before=unshare)) == os.getuid()


def test_a_socket_that_was_closed_belongs_to_nobody(connect, uid_of_peer):
    # The kernel says root, whoever had it.
    assert uid_of_peer(connect(then="close")) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can run a process as another user")
def test_another_user_is_found(connect, uid_of_peer):
    assert uid_of_peer(connect(user="54321")) == 54321
    assert uid_of_peer(connect(user="54321", then="close")) is None


def test_a_connection_that_was_reset_belongs_to_nobody(uid_of_peer):
    with socket.socket() as never_connected:
        assert uid_of_peer(never_connected) is None
