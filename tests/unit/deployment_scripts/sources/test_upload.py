from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from landing_zone.core.settings import load_settings
from landing_zone.sources import upload
from landing_zone.sources.checkout import without_commit
from landing_zone.sources.upload import Upload, describe, put_all, upload_sources
from tests.unit.deployment_scripts.fakes import FakeS3


def test_uploads_what_differs_and_nothing_else() -> None:
    s3 = FakeS3("b")
    uploads = [Upload("code/1/train.py", b"one"), Upload("config/manifest.json", b"{}")]

    assert put_all(s3, "b", uploads) == ["code/1/train.py", "config/manifest.json"]
    assert put_all(s3, "b", uploads) == []
    assert put_all(s3, "b", [uploads[0], Upload("config/manifest.json", b"[]")]) == [
        "config/manifest.json"
    ]
    assert s3.text("b", "config/manifest.json") == "[]"
    stored = s3.buckets["b"]["config/manifest.json"]
    assert stored["Metadata"] == {"sha256": hashlib.sha256(b"[]").hexdigest()}
    assert stored["ContentType"] == "application/json"


def test_the_version_marks_a_complete_upload_and_the_manifest_is_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = [f"{number}.py" for number in range(20)]
    for name in names:
        (tmp_path / name).touch()
    files = {name: tmp_path / name for name in names}
    monkeypatch.setattr(upload, "built_code", lambda: ("abc123", files))
    s3 = FakeS3("b")

    upload_sources(s3, "b", load_settings({}))

    assert s3.puts[-2:] == ["code/abc123/CODE_VERSION", "config/manifest.json"]
    assert s3.text("b", "code/abc123/CODE_VERSION") == "abc123\n"
    assert {f"code/abc123/{name}" for name in names} < set(s3.puts[:-2])


def test_the_prices_of_the_region_are_uploaded_where_there_are_any(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in (
        "config/manifest.json",
        "config/prices/eu-west-1.json",
        "config/prices/us-east-1.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(upload, "ROOT", tmp_path)
    monkeypatch.setattr(upload, "built_code", lambda: ("abc123", {}))
    monkeypatch.setattr(upload, "manifest_to_upload", lambda *_: b"{}")
    s3 = FakeS3("b")

    upload_sources(s3, "b", load_settings({}))

    assert [key for key in s3.puts if "prices" in key] == ["config/prices/eu-west-1.json"]


def test_an_object_without_a_stored_hash_is_replaced() -> None:
    s3 = FakeS3("b")
    s3.put_object(Bucket="b", Key="k", Body=b"same")

    assert put_all(s3, "b", [Upload("k", b"same")]) == ["k"]


def test_describe_says_whether_a_run_starts() -> None:
    assert "no run started" in describe([], "b")
    assert "starts a run" in describe(["code/1/x.py", "config/manifest.json"], "b")
    assert "starts a run" not in describe(["code/1/x.py"], "b")


def test_another_commit_alone_uploads_no_manifest() -> None:
    s3 = FakeS3("b")
    first, second = (
        b'{"GitCommit": "a", "UseCase": "iris"}',
        b'{"GitCommit": "b", "UseCase": "iris"}',
    )

    assert put_all(s3, "b", [Upload("k", first, without_commit(first))]) == ["k"]
    assert put_all(s3, "b", [Upload("k", second, without_commit(second))]) == []
    assert s3.text("b", "k") == first.decode()
