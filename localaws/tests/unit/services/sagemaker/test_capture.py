"""Data capture: the sample, the lines, and when they are written."""

import json
import threading
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from localaws.core.clock import Clock
from localaws.services.sagemaker.capture import writer
from localaws.services.sagemaker.capture.lines import Captured
from localaws.services.sagemaker.capture.settings import CaptureSettings
from localaws.services.sagemaker.capture.writer import CaptureWriter

NOON = datetime(2026, 11, 21, 12, 34, 56, 789_000, tzinfo=UTC)


class FakeS3:
    def __init__(self):
        self.written = []
        self.changed = threading.Event()
        self.blocked = None

    def put_object(self, **given):
        if self.blocked is not None:
            self.blocked.wait(10)
        self.written.append(given)
        self.changed.set()
        if given["Bucket"] == "missing":
            raise ClientError({"Error": {"Code": "NoSuchBucket"}}, "PutObject")


class FakeLog:
    def __init__(self):
        self.lines = []

    def write(self, line):
        self.lines.append(line)

    def close(self):
        pass


class FakeContext:
    def __init__(self, scale):
        self.clock, self.s3, self.log = Clock(scale), FakeS3(), FakeLog()
        self.roles = []

    def client(self, service, role):
        self.roles.append(role)
        return self.s3

    def log_writer(self, group, stream):
        return self.log


def captured(variant="v", time=NOON, body=b"1,2"):
    return Captured(variant, time, body, "text/csv; header=absent", b"3", "text/csv", "id")


@pytest.fixture
def start():
    """A capture with the clock's scale, and its context."""
    started = []

    def make(scale=1, destination="s3://bucket/prefix", **settings):
        context = FakeContext(scale)
        settings = CaptureSettings(
            destination, enabled=True, csv_types=frozenset({"text/csv"}), **settings
        )
        started.append(CaptureWriter(context, settings, "e", {"v": "role-v", "w": "role-w"}))
        return started[-1], context

    yield make
    for capture in started:
        capture.close(at_once=True)


def test_a_file_holds_the_requests_of_one_variant_and_hour(start):
    capture, context = start()
    for item in (
        captured(),
        captured(),
        captured(variant="w"),
        captured(time=NOON.replace(hour=13, minute=0)),
    ):
        capture.add(item)
    capture.close()
    keys = [given["Key"] for given in context.s3.written]
    assert [key.rpartition("-")[0][:42] for key in keys] == [
        "prefix/e/v/2026/11/21/12/34-56-789-" + keys[0][35:42],
        "prefix/e/v/2026/11/21/13/00-56-789-" + keys[1][35:42],
        "prefix/e/w/2026/11/21/12/34-56-789-" + keys[2][35:42],
    ]
    assert context.roles == ["role-v", "role-v", "role-w"]
    first = [json.loads(line) for line in context.s3.written[0]["Body"].splitlines()]
    assert len(first) == 2
    assert first[0]["captureData"]["endpointInput"]["encoding"] == "CSV"
    assert first[0]["eventMetadata"]["inferenceTime"] == "2026-11-21T12:34:56Z"


def test_a_request_is_written_within_a_minute_of_the_clock(start):
    capture, context = start(scale=600)
    capture.add(captured())
    assert context.s3.changed.wait(10)
    assert len(context.s3.written) == 1


def test_a_megabyte_is_written_at_once(start):
    capture, context = start()
    capture.add(captured())
    capture.add(captured(body=b"x" * 1024 * 1024))
    assert context.s3.changed.wait(10)


def test_text_that_is_none_is_written_as_base64(start):
    capture, _ = start()
    line = json.loads(captured(body=b"\xff").line(capture.settings))
    assert line["captureData"]["endpointInput"]["encoding"] == "BASE64"
    assert line["captureData"]["endpointInput"]["data"] == "/w=="


def test_the_sample(start):
    half, _ = start(percentage=50)
    none, _ = start(percentage=0)
    assert 350 < sum(half.wants() for _ in range(1000)) < 650
    assert not any(none.wants() for _ in range(100))


def test_a_request_never_waits_for_a_slow_destination(start, monkeypatch):
    capture, context = start()
    context.s3.blocked = threading.Event()
    monkeypatch.setattr(writer, "_MAX_BYTES", 100)
    for _ in range(1000):
        capture.add(captured())
    context.s3.blocked.set()
    capture.close()
    assert "975 request(s) were not captured" in context.log.lines[0]


def test_a_failure_is_reported(start):
    capture, context = start(destination="s3://missing")
    capture.add(captured())
    capture.close()
    assert "1 captured request(s) were not written" in context.log.lines[0]
    assert context.s3.written[0]["Key"].startswith("e/v/2026")
