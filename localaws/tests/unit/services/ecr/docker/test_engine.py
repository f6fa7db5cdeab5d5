"""Who does the work: the machine's Docker daemon, else buildah, else nobody."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from localaws.services.ecr.docker import cli
from localaws.services.ecr.docker.buildah import BuildahEngine, build_directory, mounts
from localaws.services.ecr.docker.daemon import DaemonEngine
from localaws.services.ecr.docker.engine import MODULE, choose
from localaws.services.ecr.docker.errors import DockerError

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
# Writes its arguments, and its input where it reads a password, to the file beside it.
RECORDER = """#!/bin/sh
echo "$@" >> "$0.calls"
case "$*" in *--password-stdin*) cat >> "$0.calls"; echo >> "$0.calls";; esac
"""


class _Daemon(HTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self):
        self.socket.bind(self.server_address)

    def get_request(self):
        return self.socket.accept()[0], ("local", 0)


class _Ping(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/_ping" else 404)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def daemon(tmp_path_factory):
    """The address of a daemon that answers to a ping."""
    # The path of a Unix socket has at most 107 characters.
    path = tmp_path_factory.mktemp("d") / "s"
    server = _Daemon(str(path), _Ping)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"unix://{path}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def programs(tmp_path):
    directory = tmp_path / "programs"
    directory.mkdir()
    return directory


def program(directory, name, text=RECORDER):
    path = directory / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def environment(programs, host, **more):
    return {"PATH": f"{programs}:/bin", "DOCKER_HOST": host, "HOME": str(programs), **more}


def test_a_daemon_that_answers_is_first(daemon, programs):
    program(programs, "docker")
    program(programs, "buildah")

    assert isinstance(choose(environment(programs, daemon)), DaemonEngine)


def test_a_script_that_calls_this_program_is_not_the_client(daemon, programs, tmp_path):
    shim = tmp_path / "shim"
    shim.mkdir()
    program(shim, "docker", f"#!/bin/sh\nexec python3 -m {MODULE}\n")
    client = program(programs, "docker")
    engine = choose(environment(programs, daemon, PATH=f"{shim}:{programs}"))

    engine.pull("python:3.11")

    assert client.with_name("docker.calls").read_text() == "pull python:3.11\n"
    with pytest.raises(DockerError, match="its client is not on PATH"):
        choose(environment(programs, daemon, PATH=str(shim)))


def test_buildah_is_second(programs):
    program(programs, "buildah")
    program(programs, "docker")

    assert isinstance(choose(environment(programs, "unix:///no/such/socket")), BuildahEngine)


def test_without_both_the_line_to_type_is_shown(programs):
    with pytest.raises(DockerError) as refused:
        choose(environment(programs, "unix:///no/such/socket", PATH=str(programs)))

    assert str(refused.value) == (
        "Cannot connect to the Docker daemon at unix:///no/such/socket, and buildah is not installed. "
        "localaws builds images with one of the two. To install buildah: "
        "sudo apt-get install -y --no-install-recommends buildah"
    )


def test_commands_for_the_daemon(daemon, programs, tmp_path, monkeypatch):
    client = program(programs, "docker")
    (tmp_path / "Dockerfile").write_text(f"FROM {HOST}/base:1\n")
    values = environment(programs, daemon, AWS_ENDPOINT_URL="http://127.0.0.1:4566")
    engine = choose(values)
    monkeypatch.setattr(cli, "choose", lambda: engine)

    for words in (
        f"build -t {HOST}/app:2 --build-arg A=1 --build-arg B --no-cache {tmp_path}",
        f"push {HOST}/app:2",
        f"pull {HOST}/app:3",
        f"tag {HOST}/app:2 app",
        "push docker.io/team/app:1",
        f"login -u AWS -p secret https://{HOST}",
    ):
        assert cli.main(words.split()) == 0

    assert client.with_name("docker.calls").read_text().splitlines() == [
        "pull 127.0.0.1:4566/base:1",
        f"tag 127.0.0.1:4566/base:1 {HOST}/base:1",
        f"build --build-arg A=1 --build-arg B --tag {HOST}/app:2 --no-cache {tmp_path}",
        f"tag {HOST}/app:2 127.0.0.1:4566/app:2",
        "push 127.0.0.1:4566/app:2",
        "pull 127.0.0.1:4566/app:3",
        f"tag 127.0.0.1:4566/app:3 {HOST}/app:3",
        f"tag {HOST}/app:2 app",
        "push docker.io/team/app:1",
        "login --username AWS --password-stdin 127.0.0.1:4566",
        "secret",
    ]


def test_an_error_is_told_and_the_exit_code_is_1(programs, monkeypatch, capsys):
    program(programs, "buildah")
    engine = BuildahEngine(str(programs / "buildah"), environment(programs, ""))
    monkeypatch.setattr(cli, "choose", lambda: engine)

    assert cli.main(["push", f"{HOST}/app:1"]) == 1
    assert cli.main(["build", str(programs)]) == 1

    assert capsys.readouterr().err.splitlines() == [
        "AWS_ENDPOINT_URL is '', but must be the address of localaws, because images of ECR are pushed to it "
        "and pulled from it. For example: export AWS_ENDPOINT_URL=http://127.0.0.1:4566. To use the registry "
        "of AWS, use Docker's client.",
        f"unable to prepare context: there is no Dockerfile at {programs}/Dockerfile. Name one with --file.",
    ]


@pytest.mark.parametrize("words", ["run image", "build --squash .", "compose up", ""])
def test_what_is_not_there_is_refused(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(words.split())

    assert "usage: docker" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.Id}}", "sha256:1"),
        ("{{ .Config.User }}!", "job!"),
        ("{{json .Config}}", '{"User": "job"}'),
        ("{{index .RepoDigests 1}}", "b"),
    ],
)
def test_templates(template, text):
    document = {"Id": "sha256:1", "Config": {"User": "job"}, "RepoDigests": ["a", "b"]}

    assert cli.render(template, document) == text
    with pytest.raises(DockerError, match="is not"):
        cli.render("{{range .Config}}", document)
    with pytest.raises(DockerError, match="is not there"):
        cli.render("{{.None}}", document)


def test_settings_of_a_build(tmp_path):
    assert build_directory({"XDG_CACHE_HOME": "/cache"}).as_posix() == "/cache/localaws/build"
    assert build_directory({"LOCALAWS_BUILD_DIR": "/build"}).as_posix() == "/build"
    assert mounts({"LOCALAWS_BUILD_MOUNTS": f"{tmp_path}, "}) == [tmp_path]
    with pytest.raises(DockerError, match="LOCALAWS_BUILD_MOUNTS names no/such"):
        mounts({"LOCALAWS_BUILD_MOUNTS": "no/such"})
