"""Rows that a transform job cannot take: refused with their place, or skipped with nothing moved."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from ml.config.use_case import Batch, UseCase, parse_use_case
from ml.errors import InvalidRequestError, NotAcceptableError, UnsupportedContentTypeError
from ml.inference.answers import NoAnswerError
from ml.inference.arrays import arrays_of
from ml.inference.bad_rows import LOGGED, BadRows, find_bad_rows, fingerprint, in_transform_job
from ml.inference.requests import CSV, JSON, JSON_LINES, decode

FAIL = parse_use_case(
    {
        "name": "doubles",
        "description": "Twice the first column.",
        "task": "regression",
        "target": "twice",
        "columns": [
            {"name": "once", "type": "number", "minimum": 0, "maximum": 1000},
            {"name": "note", "type": "text", "maximum_length": 20},
            {"name": "twice", "type": "number"},
        ],
        "model": {"estimator": "Ridge"},
        "metric": {"name": "r2", "threshold": 0.5, "direction": "maximize"},
    }
)
SKIP = replace(FAIL, batch=Batch("skip"))


def double(body: bytes, content_type: str | None, accept: str | None) -> tuple[str, bytes]:
    """A model without a model: as ml.inference.answers.respond, twice the first column."""
    once = arrays_of(decode(body, content_type), FAIL)["once"]
    values = [int(2 * value) for value in once]
    if accept == JSON:
        return JSON, json.dumps({"predictions": values}).encode()
    return accept or JSON, "".join(f"{value}\n" for value in values).encode()


def ask(body: bytes, use_case: UseCase = SKIP, kind: str = CSV, accept: str = CSV) -> bytes:
    found, answer = BadRows(use_case, double).respond(body, kind, accept)
    assert found == accept
    return answer


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1,a\n2,b\n", b"2\n4\n"),
        (b"1,a\nx,b\n3,c\n", b"2\n\n6\n"),
        (b"x,a\n2,b\nx,c", b"\n4\n\n"),
        (b"x,a\n", b"\n"),
        (b"1,a\r\nx,b\r\n3,c\r\n", b"2\n\n6\n"),
        (b"\xef\xbb\xbf1,a\nx,b\n", b"2\n\n"),
        (b"1,a\n\n3,c\n", b"2\n\n6\n"),
        (b"1,a\n2,b\n\n\n", b"2\n4\n\n\n"),  # the input's line 7 is the output's line 7, to the end
        (b"\n\n1,a\n", b"\n\n2\n"),
        (b"once,note\n1,a\n", b"\n2\n"),
        (b"1\n2,b,b\n3,c\n", b"\n\n6\n"),
        (b"1,\xff\n2,b\n", b"\n4\n"),
        (b'1,"a, b"\nx,"c, d"\n', b"2\n\n"),
        (b'1,"a\nb"\n3,c\n', b"\n\n6\n"),  # SageMaker may cut between the two lines of this row
        (b'1,a"b"\n2,"b\n', b"2\n\n"),
        (b"1,a\r2,b\n3,c\n", b"\n6\n"),
        (b"1,a\r2,b\n\n", b"\n\n"),  # as many rows as lines, but not a row a line
        (b"1001,a\n-1,b\nnan,c\n,d\n5,e\n", b"\n\n\n\n10\n"),
    ],
)
def test_a_line_of_the_output_for_each_line_of_the_input(body: bytes, expected: bytes) -> None:
    assert ask(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'[1,"a"]\n["x","b"]\n[3,"c"]\n', [2, "row 2, column once: found 'x'", 6]),
        (b'[1,"a"]\n{\n{"once":3,"note":"c"}\n', [2, "row 2: not JSON", 6]),
        (b'[1,"a"]\n\n[NaN,"c"]\n', [2, "row 2: not JSON", "row 3: not JSON: NaN is not JSON"]),
        (b'{"once":1}\n[3,"c"]', ["row 1: lacks note", 6]),
        (b'7\n[3,"c"]', ["row 1: found 7, expected a list of 2 values or an object", 6]),
    ],
)
@pytest.mark.parametrize("accept", [JSON_LINES, JSON])
def test_json_says_why_in_the_place_of_the_prediction(
    body: bytes, expected: list[Any], accept: str
) -> None:
    answer = ask(body, kind=JSON_LINES, accept=accept)
    found = (
        json.loads(answer)["predictions"]
        if accept == JSON
        else [json.loads(line) for line in answer.splitlines()]
    )
    assert len(found) == len(expected)
    for item, wanted in zip(found, expected, strict=True):
        if isinstance(wanted, str):
            assert item["error"].startswith(wanted)
        else:
            assert item == wanted


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'[1,"a"]\n\n[3,"c"]\n', [2, {}, 6]), (b'\n[3,"c"]\n\n', [{}, 6, {}])],
)
@pytest.mark.parametrize("accept", [JSON_LINES, JSON])
def test_an_empty_line_has_its_place_in_every_form(
    body: bytes, expected: list[Any], accept: str
) -> None:
    answer = ask(body, kind=JSON_LINES, accept=accept)
    found = (
        json.loads(answer)["predictions"]
        if accept == JSON
        else [json.loads(line) for line in answer.splitlines()]
    )
    assert [item if isinstance(item, int) else {} for item in found] == expected


def test_rows_that_the_model_cannot_answer_are_bad_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def answer(body: bytes, *_: object) -> tuple[str, bytes]:
        """Refuses 9 as too large, and when there is none, 8."""
        rows = arrays_of(decode(body, CSV), FAIL)["once"].tolist()
        for limit in (9, 8):
            reasons = {n: f": {row} is too large" for n, row in enumerate(rows, 1) if row == limit}
            if reasons:
                raise NoAnswerError(reasons)
        return CSV, "".join(f"{2 * row:g}\n" for row in rows).encode()

    body = b"8,a\n1,a\nx,a\n9,a\n3,a\n"
    assert BadRows(SKIP, answer).respond(body, CSV, CSV) == (CSV, b"\n2\n\n\n6\n")
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()[:-1]]
    assert ("row 4: 9.0 is too large", "'9,a'") in [(row["reason"], row["line"]) for row in logged]
    with pytest.raises(
        InvalidRequestError, match=r"^row 1: 8.0 is too large; .* Row 1 is '8,a'\.$"
    ):
        BadRows(FAIL, answer).respond(body, CSV, CSV)


def test_a_failure_shows_the_first_bad_row(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        ask(b"1,a\nx,b\n3,c\ny,d\n", FAIL)
    assert str(caught.value) == (
        "row 2, column once: found 'x', expected a number from 0 to 1000; row 4, column once: found 'y', "
        "expected a number from 0 to 1000. Row 2 is 'x,b'."
    )
    first, _ = capsys.readouterr().err.splitlines()
    assert json.loads(first) == {
        "event": "bad_row",
        "sha256": fingerprint(b"x,b"),
        "row": 2,
        "reason": "row 2, column once: found 'x', expected a number from 0 to 1000",
        "line": "'x,b'",
    }


def test_good_rows_are_answered_whatever_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    for use_case in (FAIL, SKIP):
        for accept in (CSV, JSON_LINES, JSON):
            assert ask(b"1,a\n2,b\n", use_case, accept=accept)
    assert capsys.readouterr().err == ""


def test_a_file_of_another_kind_is_refused_even_if_bad_rows_are_skipped() -> None:
    assert ask(b"1;a\n" * 9) == b"\n" * 9  # may be the last lines of a file that is right
    with pytest.raises(InvalidRequestError) as caught:
        ask(b"1;a\n" * 10)
    assert str(caught.value).startswith(
        "None of these 10 rows is right: row 1: found 1 values, expected 2 (once, note); row 2: found 1"
    )
    assert str(caught.value).endswith("; and 5 more. Row 1 is '1;a'.")


def test_the_log_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    ask(b"1,a\n" + b"x,%b\n" % (b"y" * 5000) * 1000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == LOGGED + 1
    assert max(map(len, lines)) < 450
    assert (
        lines[-1] == f"bad rows: 1000 of the 1001 rows of a request; the first {LOGGED} are above"
    )


def test_numbers_go_on_where_the_rows_are_looked_at_in_chunks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [b"x,a" if number % 5000 == 0 else b"1,a" for number in range(1, 20_001)]
    answers = ask(b"\n".join(lines)).split(b"\n")
    assert [number for number, answer in enumerate(answers, start=1) if not answer] == [
        5000, 10_000, 15_000, 20_000, 20_001,  # the end of the last line
    ]  # fmt: skip
    log = capsys.readouterr().err.splitlines()
    logged = [json.loads(line) for line in log[:-1]]
    assert [row["row"] for row in logged] == [5000, 10_000, 15_000, 20_000]
    assert [re.findall(r"^row (\d+), column once", row["reason"]) for row in logged] == [
        ["5000"], ["10000"], ["15000"], ["20000"],
    ]  # fmt: skip
    with pytest.raises(InvalidRequestError, match=r"^row 10000, .* Row 10000 is 'x,a'\.$"):
        ask(b"\n".join([*[b"1,a"] * 9999, *lines[9999:]]), FAIL)


def test_a_row_with_many_problems_is_listed_in_short() -> None:
    reasons = find_bad_rows([b"x,"], 7, CSV, FAIL)
    assert re.fullmatch(r"row 7, column once: .*; row 7, column note: found an .*", reasons[7])


@pytest.mark.parametrize(
    ("kind", "accept", "error"),
    [
        ("text/plain", CSV, UnsupportedContentTypeError),
        (CSV, "image/png", NotAcceptableError),
        (JSON, CSV, InvalidRequestError),  # one document has no lines to skip
    ],
)
def test_what_is_no_matter_of_rows_is_refused(kind: str, accept: str, error: type) -> None:
    with pytest.raises(error):
        ask(b'{"instances": [["x", "a"]]}', kind=kind, accept=accept)


def test_a_model_that_cannot_answer_right_rows_fails_the_job() -> None:
    def overflows(body: bytes, *_: object) -> tuple[str, bytes]:
        raise InvalidRequestError("row 1: the prediction is inf")

    for use_case in (FAIL, SKIP):
        with pytest.raises(InvalidRequestError, match=r"^row 1: the prediction is inf$"):
            BadRows(use_case, overflows).respond(b"1,a\n", CSV, CSV)


def test_sagemaker_says_whether_this_is_a_transform_job() -> None:
    assert in_transform_job({"SAGEMAKER_BATCH": "true"})
    assert not in_transform_job({})
    assert not in_transform_job({"SAGEMAKER_BATCH": "false"})
