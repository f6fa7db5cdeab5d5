"""The page is well-formed, complete and needs no other file; the text and the progress are short."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest

from landing_zone.load.page import page
from landing_zone.load.progress import Progress
from landing_zone.load.results import Results, evaluate
from landing_zone.load.sender import Answer, Record
from landing_zone.load.summary import as_text
from landing_zone.load.thresholds import Limits, judge
from tests.unit.deployment_scripts.load.virtual import constant, send, stall

VOID = {"meta", "path", "rect", "polyline"}


class Page(HTMLParser):
    """Elements and texts; an element that is not closed in order is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def stalled() -> Results:
    load = constant(50, 4, connections=4)

    def answer_of(number: int) -> Answer:
        return Answer("ModelError 500", "<b>&") if number % 20 == 7 else Answer(variant="A<1>")

    return evaluate(load, send(load, stall(at=2, seconds=0.5), answer_of))


@pytest.fixture(scope="module")
def results() -> Results:
    return stalled()


@pytest.fixture(scope="module")
def parsed(results: Results) -> Page:
    verdicts = judge(results, Limits(max_p99_ms=10, max_error_rate=0.5))
    return Page(page("endpoint <x>", "200 requests", "2026-01-02", results, verdicts))


def test_the_page_shows_everything(parsed: Page, results: Results) -> None:
    text = " ".join(parsed.texts)
    for expected in (
        "endpoint <x>", "200 requests", "ModelError 500", "<b>&", "A<1>", "not met", "p99.9",
        f"{results.latency_ms['p99.9']:,.1f}", "5 %", "waited for a free connection",
    ):  # fmt: skip
        assert expected in text, expected


def test_the_charts_show_every_interval_and_bin(parsed: Page, results: Results) -> None:
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("svg") == 3
    lines = [attrs["points"] or "" for tag, attrs in parsed.elements if tag == "polyline"]
    assert [len(line.split()) for line in lines] == [len(results.over_time)] * 3
    for line in lines:
        for x, y in (point.split(",") for point in line.split()):
            assert 0 <= float(x) <= 720 and 0 <= float(y) <= 280
    bars = [attrs for tag, attrs in parsed.elements if tag == "rect"]
    for bar in bars:
        assert 0 <= float(bar["x"] or "") <= 720 and 0 <= float(bar["y"] or "") <= 280
        assert float(bar["height"] or "") <= 280
    # Beside the bars there are the six squares of the legends.
    stacked = sum(
        bool(found.successful) + bool(found.failed) + bool(found.unsent)
        for found in results.over_time
    )
    assert len(bars) == 6 + len(results.histogram) + stacked


def test_the_page_needs_no_other_file(parsed: Page) -> None:
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    assert not [attrs for _, attrs in parsed.elements if {"src", "href", "onload"} & set(attrs)]
    assert "url(" not in "".join(parsed.texts)


@pytest.mark.parametrize("latency", [0.0, 1e-7, 0.01, 500.0])
def test_a_single_request_can_be_drawn(latency: float) -> None:
    record = Record(elapsed=1.0)
    record.add(0.0, 0.0, latency, Answer())
    results = evaluate(constant(1, 1), record)

    assert "nan" not in page("x", "y", "z", results, ()).lower().replace("finance", "")


def test_a_test_without_requests_can_be_drawn() -> None:
    results = evaluate(constant(1, 1), Record(elapsed=1.0, interrupted=True))

    assert "interrupted" in page("x", "y", "z", results, ())
    assert "interrupted after 1 s" in as_text("x", "y", results, ())


def test_the_text_is_short(results: Results) -> None:
    text = as_text("endpoint x", "a load", results, judge(results, Limits(max_p99_ms=10)))

    assert text.startswith(
        "endpoint x: a load\n  200 due, 200 sent, 190 successful, 10 failed, 0 not"
    )
    assert re.search(r"latency in ms +p50 +p90 +p95 +p99 +p99\.9 +max", text)
    assert "error ModelError 500: 10 (5 %)  <b>&" in text
    assert "variant A<1>: 190 (100 %)" in text
    assert "NOT MET: p99 latency" in text
    assert len(text.splitlines()) < 15
    assert max(map(len, text.splitlines())) < 120


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_on_a_terminal_is_redrawn_each_second() -> None:
    stream = Terminal()
    progress = Progress(constant(100, 60), stream)
    record = Record()
    for second in (1, 2):
        for _ in range(100):
            record.add(second, 0.0, 0.01 * second, Answer("E") if second == 2 else Answer())
        progress(record, float(second))
    progress.end()

    assert stream.getvalue() == (
        "\r    1 s  100 of 6,000  100/s  p99 10.0 ms  failed 0  late 0\x1b[K"
        "\r    2 s  200 of 6,000  100/s  p99 20.0 ms  failed 100  late 0\x1b[K\n"
    )


def test_a_log_has_a_line_every_ten_seconds() -> None:
    stream = io.StringIO()
    progress = Progress(constant(100, 60), stream)
    for second in range(1, 31):
        progress(Record(), float(second))
    progress.end()

    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["10", "20", "30"]
    assert "\r" not in stream.getvalue() and "p99 -" in stream.getvalue()
