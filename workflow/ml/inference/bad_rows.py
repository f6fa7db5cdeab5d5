"""What a transform job does about a row that the model cannot take: `batch.bad_rows` of the use case.

fail  refuse the request, which fails the job; the message names the row and shows it
skip  answer the row's line with an empty line (CSV) or {"error": "..."} (JSON), so that line 7 of the output
      still belongs to line 7 of the input

SageMaker cuts the input at line ends, so a row is a line here, and the container knows its place in the
request only. Each bad row is a JSON object in the job's log, with a hash by which deployment-scripts/ find
the line in the file. An endpoint has a client to tell, and refuses every request with a bad row.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from ml.config.cells import shown
from ml.config.use_case import UseCase
from ml.errors import InvalidRequestError
from ml.inference.answers import NoAnswerError
from ml.inference.requests import (
    CSV,
    JSON,
    JSON_LINES,
    Problem,
    Rows,
    accepted,
    check,
    content_type_of,
    listed,
    row_of,
)

# Body, content type and Accept of a request to the content type and the body of the answer.
Respond = Callable[[bytes, str | None, str | None], tuple[str, bytes]]

LOGGED = 20  # bad rows of a request, one by one; the others are counted
SHOWN_CHARACTERS = 200  # of a row
# From so many rows on, a request without a right one is refused even if bad rows are to be skipped: that is
# another kind of file. Fewer may be the last lines of a file that is right.
NONE_RIGHT = 10
_ROWS_AT_ONCE = 8192
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def in_transform_job(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether SageMaker started this container for a transform job."""
    return environ.get("SAGEMAKER_BATCH", "").lower() == "true"


class BadRows:
    """Answers the requests of a transform job: as `respond`, but for the bad rows."""

    def __init__(self, use_case: UseCase, respond: Respond) -> None:
        self._use_case = use_case
        self._skip = use_case.batch.bad_rows == "skip"
        self._respond = respond

    def respond(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[str, bytes]:
        """The content type and the body of the answer; raise InvalidRequestError to refuse."""
        form = content_type_of(content_type)
        if form not in (CSV, JSON_LINES):
            return self._respond(body, content_type, accept)
        kind = accepted(accept)
        line_kind = CSV if kind == CSV else JSON_LINES
        refusal = None
        try:
            answer = self._respond(body, content_type, line_kind if self._skip else kind)[1]
            if not self._skip:
                return kind, answer
            if _is_row_a_line(body) and _count(answer) == _count(body):
                return kind, _document(answer.split(b"\n")[:-1]) if kind == JSON else answer
        except InvalidRequestError as error:
            refusal = error
        lines = _lines(body)
        answers, bad = self._answer_lines(lines, content_type, line_kind)
        if refusal is not None and not (self._skip and bad):
            raise (_refusal(bad, lines) if bad else refusal) from None
        if len(bad) == len(lines) >= NONE_RIGHT:
            raise _refusal(bad, lines, f"None of these {len(lines)} rows is right: ")
        if kind == JSON:
            return kind, _document(answers)
        return kind, b"\n".join([*answers, b""])

    def _answer_lines(
        self, lines: Sequence[bytes], content_type: str | None, kind: str
    ) -> tuple[list[bytes], dict[int, str]]:
        """An answer for each line, chunk by chunk, and why there is none.

        If bad rows fail the job, the first chunk that has one is the last that is looked at.
        """
        answers: list[bytes] = []
        bad: dict[int, str] = {}
        for start in range(0, len(lines), _ROWS_AT_ONCE):
            chunk = lines[start : start + _ROWS_AT_ONCE]
            answered, found = self._answer_chunk(chunk, start + 1, content_type, kind)
            answers += answered
            bad |= found
            if bad and not self._skip:
                break
        self._log(bad, lines)
        return answers, bad

    def _answer_chunk(
        self, lines: Sequence[bytes], first: int, content_type: str | None, kind: str
    ) -> tuple[list[bytes], dict[int, str]]:
        with suppress(InvalidRequestError):
            answers = self._answers(lines, content_type, kind)
            if len(answers) == len(lines) and not any(b"\r" in line for line in lines):
                return answers, {}
        bad = find_bad_rows(lines, first, content_type_of(content_type), self._use_case)
        numbers = range(first, first + len(lines))
        right = [number for number in numbers if number not in bad]
        answers = []
        while right:
            try:
                answers = self._answers([lines[n - first] for n in right], content_type, kind)
                break
            except NoAnswerError as error:  # nothing is wrong with these rows but for this model
                bad |= {
                    right[n - 1]: f"row {right[n - 1]}{why}" for n, why in error.reasons.items()
                }
                right = [number for number in right if number not in bad]
        if len(answers) != len(right):
            raise RuntimeError(f"{len(answers)} answers to {len(right)} rows")
        following = iter(answers)
        in_place = [_instead(bad[n], kind) if n in bad else next(following) for n in numbers]
        return in_place, dict(sorted(bad.items()))

    def _answers(self, lines: Sequence[bytes], content_type: str | None, kind: str) -> list[bytes]:
        return self._respond(b"\n".join(lines), content_type, kind)[1].split(b"\n")[:-1]

    def _log(self, bad: Mapping[int, str], lines: Sequence[bytes]) -> None:
        for number, reason in list(bad.items())[:LOGGED]:
            say(log_line(lines[number - 1], number, reason))
        if bad and self._skip:  # else the rows after the first bad ones were not looked at
            more = f"; the first {LOGGED} are above" if len(bad) > LOGGED else ""
            say(f"bad rows: {len(bad)} of the {len(lines)} rows of a request{more}")


def find_bad_rows(
    lines: Sequence[bytes], first: int, form: str, use_case: UseCase
) -> dict[int, str]:
    """Why a row cannot be taken, by its number; `first` is the number of the first line."""
    problems: list[Problem] = []
    numbers, rows = [], []
    for number, line in enumerate(lines, start=first):
        try:
            rows.append(row_of(line, form))
            numbers.append(number)
        except InvalidRequestError as error:
            problems.append(Problem(number, f"row {number}: {error}"))
    problems += check(Rows(rows, as_text=form == CSV), use_case.features, numbers)[1]
    texts: dict[int, list[str]] = {}
    for problem in sorted(problems, key=lambda problem: problem.row):
        texts.setdefault(problem.row, []).append(problem.text)
    return {number: listed(found) for number, found in texts.items()}


def log_line(line: bytes, number: int, reason: str) -> str:
    """What the log says about the row with this number in its request, as JSON for other programs to read."""
    return json.dumps(
        {
            "event": "bad_row",
            "sha256": fingerprint(line),
            "row": number,
            "reason": reason,
            "line": _shown(line),
        }
    )


def fingerprint(line: bytes) -> str:
    """By which a line is found again in a file; without its line end."""
    return hashlib.sha256(line).hexdigest()[:16]


def say(message: str) -> None:
    """A line of the container's log."""
    print(message, file=sys.stderr, flush=True)


def _lines(body: bytes) -> list[bytes]:
    lines = body.removeprefix(_BYTE_ORDER_MARK).removesuffix(b"\n").split(b"\n")
    return [line.removesuffix(b"\r") for line in lines] if b"\r" in body else lines


def _is_row_a_line(body: bytes) -> bool:
    """Whether a line holds one row at most: to CSV a carriage return alone ends a row too."""
    return b"\r" not in body or b"\r" not in body.replace(b"\r\n", b"\n")


def _document(answers: Sequence[bytes]) -> bytes:
    return b'{"predictions":[' + b",".join(answers) + b"]}"


def _count(body: bytes) -> int:
    return body.count(b"\n") + (not body.endswith(b"\n"))


def _shown(line: bytes) -> str:
    return shown(line.decode("utf-8", "replace"), SHOWN_CHARACTERS)


def _refusal(bad: Mapping[int, str], lines: Sequence[bytes], why: str = "") -> InvalidRequestError:
    first = next(iter(bad))
    reasons = listed(list(bad.values()))
    return InvalidRequestError(f"{why}{reasons}. Row {first} is {_shown(lines[first - 1])}.")


def _instead(reason: str, kind: str) -> bytes:
    return b"" if kind == CSV else json.dumps({"error": reason}).encode()
