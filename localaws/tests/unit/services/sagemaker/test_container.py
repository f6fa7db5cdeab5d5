"""The parts of a container that need no process."""

import sys

import pytest

from localaws.core.clock import Clock
from localaws.services.sagemaker.container import namespace
from localaws.services.sagemaker.container.environment import container_environment
from localaws.services.sagemaker.container.log_lines import JobLog
from localaws.services.sagemaker.container.s3_data import _relative, join_uri, split_uri
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import RequestError


@pytest.fixture(autouse=True)
def fresh_options():
    namespace._unshare_options.cache_clear()
    yield
    namespace._unshare_options.cache_clear()


def test_elsewhere_than_on_linux_it_says_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "darwin")
    with Sandbox(tmp_path, "job") as sandbox, pytest.raises(RequestError, match="this is darwin"):
        namespace.command(sandbox.view(), ["true"])


def test_without_unshare_it_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with Sandbox(tmp_path, "job") as sandbox, pytest.raises(RequestError, match="util-linux"):
        namespace.command(sandbox.view(), ["true"])


def test_a_sandbox_keeps_to_itself_and_goes(tmp_path):
    with Sandbox(tmp_path, "job") as sandbox:
        assert sandbox.make("/opt/ml/input/data") == sandbox.ml / "input" / "data"
        for path in ("/etc", "/opt/ml/../x", "relative"):
            with pytest.raises(ValueError):
                sandbox.host(path)
    assert not list(tmp_path.iterdir())


def test_onnxruntime_sends_no_telemetry_unless_a_job_asks_for_it(tmp_path):
    environment = container_environment(tmp_path, tmp_path)
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"
    asked = container_environment(tmp_path, tmp_path, {"ORT_DISABLE_TELEMETRY": "0"})
    assert asked["ORT_DISABLE_TELEMETRY"] == "0"


def test_the_environment_is_clean_and_the_last_layer_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "x")
    environment = container_environment(
        tmp_path,
        tmp_path / "home",
        {"A": "1", "B": "1"},
        {"B": "2"},
        path=[tmp_path / "first"],
        threads=1,
    )
    assert "SECRET_OF_THE_CALLER" not in environment
    assert (environment["A"], environment["B"], environment["OMP_NUM_THREADS"]) == ("1", "2", "1")
    first, second = environment["PATH"].split(":")[:2]
    assert first == str(tmp_path / "first")
    assert sys.executable in (tmp_path / "bin" / "python3").read_text()
    assert second == str(tmp_path / "bin")


@pytest.mark.parametrize(
    ("key", "prefix", "relative"),
    [
        ("a/b.csv", "a/b.csv", "b.csv"),
        ("a/b.csv", "a/", "b.csv"),
        ("a/b.csv", "a", "b.csv"),
        ("a/d/b.csv", "a", "d/b.csv"),
        ("a/part-1.csv", "a/part", "part-1.csv"),
        ("a.csv", "", "a.csv"),
    ],
)
def test_names_of_downloaded_files(key, prefix, relative):
    assert _relative(key, prefix) == relative


def test_keys_that_would_leave_the_directory():
    with pytest.raises(RequestError, match=r"'\.\.'"):
        _relative("a/../../etc/passwd", "a/")


def test_uris():
    assert split_uri("s3://b/k/x") == ("b", "k/x")
    assert join_uri("s3://b/k/", "x", "/y") == "s3://b/k/x/y"
    for wrong in ("https://b/k", "s3://", "b/k"):
        with pytest.raises(RequestError, match="is not an S3 URI"):
            split_uri(wrong)


class FakeWriter:
    def __init__(self):
        self.lines = []

    def write(self, line):
        self.lines.append(line)

    def close(self):
        self.lines.append("closed")


class FakeContext:
    def __init__(self):
        self.clock, self.writer = Clock(), FakeWriter()

    def log_writer(self, group, stream):
        return self.writer


def test_metrics_are_the_last_values_in_the_log():
    context = FakeContext()
    definitions = [
        {"Name": "loss", "Regex": r"loss=(\S+)"},
        {"Name": "never", "Regex": "never=([0-9]+)"},
        {"Name": "whole", "Regex": "[0-9.]+"},
    ]
    log = JobLog(context, "group", "stream", definitions)
    for line in ("loss=0.5", "loss=wrong", "loss=0.25 loss=0.125"):
        log.line(line)
    log.close()
    assert [(m["MetricName"], m["Value"]) for m in log.final_metrics] == [
        ("loss", 0.125),
        ("whole", 0.125),
    ]
    assert context.writer.lines[-1] == "closed"
    assert log.tail[0] == "loss=0.5"
