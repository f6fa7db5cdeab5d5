"""A command in an image, as root and in a user namespace, with the machine's shell as the image."""

import os
import re
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from localaws.services.ecr.containers import container as module
from localaws.services.ecr.containers.container import ImageContainer, Mount
from unit.services.ecr.images import image_of, member, tar_of

PROGRAMS = ("sh", "cat", "id", "ls", "mkdir", "sleep")


@pytest.fixture(scope="module")
def root_files():
    """The layer with the programs and what the dynamic loader needs for them."""
    found = {}
    for name in PROGRAMS:
        program = Path(shutil.which(name)).resolve()
        found[f"bin/{name}"] = program.read_bytes()
        loaded = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for path in re.findall(r"(/\S+) \(0x", loaded):
            found[path.lstrip("/")] = Path(path).read_bytes()
    return tar_of(*(member(name, content, mode=0o755) for name, content in found.items()))


ACCOUNTS = tar_of(
    member("etc/passwd", b"job:x:10001:10001::/home/job:/bin/sh\n"),
    member("etc/resolv.conf", type=tarfile.SYMTYPE, linkname="/run/somewhere/resolv.conf"),
    member("data/below", b"1\n"),
)
OPAQUE = tar_of(member("data/.wh..wh..opq"), member("data/above", b"2\n"))


@pytest.fixture(params=[False, True], ids=["root", "user-namespace"])
def in_user_namespace(request, monkeypatch):
    """Both ways to run a container, as far as this user has them."""
    if os.geteuid() != 0 and not request.param:
        pytest.skip("needs root")
    monkeypatch.setattr(module, "needs_user_namespace", lambda: request.param)
    return request.param


def run(image, tmp_path, script, environment=None, mounts=(), **options):
    """The output of a shell script in a container, and its exit code."""
    container = ImageContainer(image, tmp_path / "container")
    command = container.command(
        ["sh", "-c", script], container.environment(environment or {}), mounts, **options
    )
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"SECRET": "host"}
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1], done.returncode


def test_the_container_is_the_image(root_files, tmp_path, in_user_namespace):
    image = image_of(
        tmp_path, root_files, ACCOUNTS, user="job", env={"COLOR": "blue"}, workdir="/not/yet/there"
    )
    lines, code = run(
        image,
        tmp_path,
        "id -u; id -g; pwd; echo $HOME $COLOR $SIZE $SECRET; ls /; cat /data/below; exit 7",
        {"SIZE": "1"},
    )

    assert lines[:4] == ["10001", "10001", "/not/yet/there", "/home/job blue 1"]
    assert set(lines[4:]) >= {"bin", "data", "dev", "etc", "proc", "sys"}
    assert not {"home", "root", ".localaws", "opt"} & set(lines)
    assert lines[-1] == "1"
    assert code == 7


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mark a directory for root")
def test_an_opaque_directory_hides_what_is_below(root_files, tmp_path):
    lines, _ = run(image_of(tmp_path, root_files, ACCOUNTS, OPAQUE), tmp_path, "ls /data")

    assert lines == ["above"]


def test_mounts(root_files, tmp_path, in_user_namespace):
    writable, fixed, file = tmp_path / "writable", tmp_path / "fixed", tmp_path / "file"
    for directory in (writable, fixed):
        directory.mkdir()
        (directory / "given").write_text("here\n")
    file.write_text("single\n")
    image = image_of(tmp_path, root_files, ACCOUNTS, user="job")

    lines, _ = run(
        image,
        tmp_path,
        "cat /opt/ml/given /opt/ml/model/given /etc/file; echo new > /opt/ml/written; "
        "echo new 2>/dev/null > /opt/ml/model/written || echo refused",
        mounts=[
            Mount(writable, "/opt/ml", is_owned=True),
            Mount(fixed, "/opt/ml/model", read_only=True),
            Mount(file, "/etc/file", read_only=True),
        ],
        marker=tmp_path / "marker",
    )

    assert lines == ["here", "here", "single", "refused"]
    assert (writable / "written").read_text() == "new\n"
    assert not (fixed / "written").exists()
    assert (tmp_path / "marker").exists()


def test_what_a_container_writes_is_gone_with_its_directory(
    root_files, tmp_path, in_user_namespace
):
    image = image_of(tmp_path, root_files)

    run(image, tmp_path, "echo x > /written; mkdir /new")
    shutil.rmtree(tmp_path / "container")
    lines, _ = run(image, tmp_path, "ls /")

    assert not {"written", "new"} & set(lines)


def test_a_container_without_network_has_a_loopback_device(root_files, tmp_path, in_user_namespace):
    lines, _ = run(
        image_of(tmp_path, root_files), tmp_path, "cat /proc/self/net/dev", isolate_network=True
    )

    assert [line.split(":")[0].strip() for line in lines[2:]] == ["lo"]


def test_the_process_is_the_command(root_files, tmp_path, in_user_namespace):
    container = ImageContainer(image_of(tmp_path, root_files), tmp_path / "container")
    command = container.command(["sh", "-c", "echo ready; exec sleep 60"], container.environment())

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={}) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("argv", "message", "code"),
    [
        (["none"], 'exec: "none": executable file not found in $PATH\n', 127),
        (["/etc/passwd"], 'exec: "/etc/passwd": Permission denied\n', 126),
    ],
)
def test_a_program_that_cannot_run(root_files, tmp_path, argv, message, code):
    container = ImageContainer(image_of(tmp_path, root_files, ACCOUNTS), tmp_path / "container")
    command = container.command(argv, container.environment())

    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})

    assert (done.stderr, done.returncode) == (message, code)


def test_the_specification_is_for_this_user_only(root_files, tmp_path):
    container = ImageContainer(image_of(tmp_path, root_files), tmp_path / "container")
    command = container.command(["sh"], {"PASSWORD": "secret"})

    assert "secret" not in " ".join(command)
    assert Path(command[-1]).stat().st_mode & 0o777 == 0o600
