import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localaws.core.processes import ProcessTable


@pytest.fixture
def table():
    table = ProcessTable()
    yield table
    table.close()


def wait_until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def test_a_process_has_exactly_the_environment_it_was_given(table):
    process = table.spawn(["/usr/bin/env"], env={"ONLY": "this"}, stdout=subprocess.PIPE)
    with process.stdout:
        assert process.stdout.read() == b"ONLY=this\n"
    assert process.wait() == 0


def test_terminate_is_heard(table):
    process = table.spawn(["/bin/sleep", "60"], env={})
    assert table.terminate(process, grace_seconds=5) == -15


def test_a_process_that_ignores_sigterm_is_killed(table):
    code = "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()"
    process = table.spawn([sys.executable, "-c", code], env={}, stdout=subprocess.PIPE)
    with process.stdout:
        process.stdout.readline()
        assert table.terminate(process, grace_seconds=0.1) == -9


def test_what_a_process_started_ends_with_it(table):
    process = table.spawn(["/bin/sh", "-c", "sleep 60 & echo $!"], env={}, stdout=subprocess.PIPE)
    with process.stdout:
        grandchild = int(process.stdout.readline())
    process.wait()
    assert alive(grandchild)
    table.terminate(process, grace_seconds=1)
    wait_until(lambda: not alive(grandchild))


def test_close_ends_all(table):
    processes = [table.spawn(["/bin/sleep", "60"], env={}) for _ in range(3)]
    assert table.running() == sorted(p.pid for p in processes)
    table.close()
    assert [p.returncode for p in processes] == [-9, -9, -9]


def test_a_child_does_not_outlive_a_killed_server():
    code = (
        "import time; from localaws.core.processes import ProcessTable; table = ProcessTable();"
        "print(table.spawn(['/bin/sleep', '60'], env={}).pid, flush=True); time.sleep(60)"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path.cwd())
    with server.stdout:
        child = int(server.stdout.readline())
        assert alive(child)
        server.kill()
        server.wait()
    wait_until(lambda: not alive(child))


def test_the_user_of_a_process_is_known_while_it_runs(table):
    process = table.spawn(["sleep", "60"], env={}, uid=10001)

    assert table.has_user(10001)
    assert not table.has_user(10002)
    table.terminate(process, 0)
    assert not table.has_user(10001)
