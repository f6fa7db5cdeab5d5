"""Static files, errors, streams."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from console.web.live import Changes, events
from console.web.static import FOLDER
from tests.unit.console.fakes import HOST, RUN, Console, FakeSsm, content, first_events

TEXTS = sorted(
    path for path in FOLDER.rglob("*") if path.suffix in {".html", ".js", ".css", ".svg"}
)


def test_every_path_without_a_file_is_the_page(console: Console) -> None:
    page = console.respond("GET", f"/runs/{RUN}/approval", {"host": HOST})

    assert page.body == (FOLDER / "index.html").read_bytes()
    assert console.respond("GET", "/js/none.js", {"host": HOST}).status == 404
    assert console.respond("GET", "/../__main__.py", {"host": HOST}).status == 404


def test_an_unchanged_file_is_not_sent_again(console: Console) -> None:
    first = console.respond("GET", "/js/app.js", {"host": HOST})

    again = console.respond(
        "GET", "/js/app.js", {"host": HOST, "if-none-match": first.headers["ETag"]}
    )

    assert first.headers["Content-Type"].startswith("text/javascript")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_file_has_inline_code_or_another_origin(path: Path) -> None:
    text = path.read_text()

    assert (
        re.findall(r"\son\w+=\"|\sstyle=\"|javascript:|innerHTML|outerHTML|document\.write", text)
        == []
    )
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}", text)) <= {"http://www.w3.org"}


def test_every_import_of_a_module_exists() -> None:
    for path in (one for one in TEXTS if one.suffix == ".js"):
        for name in re.findall(r"from \"(\.[^\"]+)\"", path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name}: {name}"


def test_each_page_that_the_router_names_exists() -> None:
    found = re.findall(r'\["/[^"]*", "(\w+)"\]', (FOLDER / "js/app.js").read_text())

    assert len(found) > 10
    assert set(found) == {path.stem for path in (FOLDER / "js/pages").glob("*.js")}


def test_what_is_not_deployed_is_said(console: Console) -> None:
    console.context.aws.clients["ssm"] = FakeSsm()  # type: ignore[attr-defined]

    assert "zone (development) is not deployed" in console.get("/api/session")["not_deployed"]
    answer = console.get("/api/runs")
    assert answer["status"] == 409
    assert "Deploy it" in answer["error"]


def test_the_session_says_who_decides_and_where(console: Console) -> None:
    found = console.get("/api/session")

    assert found["caller"] == "arn:aws:sts::1:assumed-role/Approver/ann"
    assert (found["service"], found["stage"], found["local"]) == ("zone", "development", True)
    assert "iris" in found["use_cases"]


def test_unknown_paths_and_methods(console: Console) -> None:
    assert console.get("/api/unknown")["status"] == 404
    answer = console.post("/api/session")
    assert (answer["status"], answer["error"][-13:]) == (405, " allowed: GET")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected a JSON object"),
        (b'{"a": "' + b"x" * (1 << 20) + b'"}', "allowed"),
    ],
    ids=["not complete", "list", "long"],
)
def test_bodies_that_are_refused(console: Console, body: bytes, said: str) -> None:
    assert said in console.post("/api/runs", body=body)["error"]


def test_a_fault_says_nothing_of_the_inside(
    console: Console, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> Any:
        raise KeyError("secret")

    monkeypatch.setattr(console.pipeline, "list_pipeline_executions", fail)

    answer = console.get("/api/runs")

    assert (answer["status"], "secret" in answer["error"]) == (500, False)
    assert "KeyError" in capsys.readouterr().err


def test_a_change_is_streamed(console: Console) -> None:
    console.add_run()
    headers = {"host": HOST, "cookie": console.cookie}
    stream = console.respond("GET", "/api/events", headers, query={"path": f"/api/runs/{RUN}"})

    (first,) = first_events(stream, 1)
    console.pipeline.runs[RUN]["status"] = "Succeeded"
    (second,) = first_events(stream, 1)

    assert [first["content"]["status"], second["content"]["status"]] == ["InProgress", "Succeeded"]
    assert stream.headers["Content-Type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    "path", ["", "/api/events?path=/api/runs", "https://evil.example", "/runs"]
)
def test_only_paths_of_the_api_are_streamed(console: Console, path: str) -> None:
    headers = {"host": HOST, "cookie": console.cookie}

    assert console.respond("GET", "/api/events", headers, query={"path": path}).status == 400


def test_a_stream_is_quiet_without_changes_and_kept_open() -> None:
    times = iter([0.0, 0.0, 5.0, 11.0, 11.0])
    stream = events(lambda: {"a": 1}, Changes(), 0.0, lambda: next(times))

    assert [next(stream) for _ in range(3)] == [
        b"retry: 1000\n\n",
        b'data: {"a":1}\n\n',
        b": still here\n\n",
    ]


def test_the_report_is_in_a_box_of_its_own(console: Console) -> None:
    console.add_run()
    key = "run-1/evaluation/output/report.html"
    console.s3.put_object(Bucket="workflow-bucket", Key=key, Body=b"<script>steal()</script>")
    headers = {"host": HOST, "cookie": console.cookie}

    answer = console.respond("GET", f"/api/runs/{RUN}/report", headers)

    assert answer.body == b"<script>steal()</script>"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-" not in policy
    assert "script-src" not in policy
    assert content(console.respond("GET", "/api/runs/none/report", headers))["error"]
