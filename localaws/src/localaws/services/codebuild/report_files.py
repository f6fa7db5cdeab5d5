"""The report files that a build can upload: JUnit XML for tests, Cobertura XML for coverage."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
_CONDITION = re.compile(r"\((\d+)/(\d+)\)")
_MAX_MESSAGE = 65_536


class ReportFileError(Exception):
    """A file is not a report of its format. The text says why."""


@dataclass(frozen=True)
class TestResult:
    """One test case."""

    name: str
    prefix: str
    suite: str
    status: str
    nanoseconds: int
    message: str
    path: str

    # pytest would collect the class by its name.
    __test__ = False


@dataclass
class FileCoverage:
    """The coverage of one source file."""

    path: str
    lines: dict[int, bool] = field(default_factory=dict)
    branches: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By line, the covered branches and all branches."""

    @property
    def lines_covered(self) -> int:
        """The number of covered lines."""
        return sum(self.lines.values())

    @property
    def branches_covered(self) -> int:
        """The number of covered branches."""
        return sum(covered for covered, _ in self.branches.values())

    @property
    def branches_total(self) -> int:
        """The number of branches."""
        return sum(total for _, total in self.branches.values())


def read_junit(path: Path, name: str) -> list[TestResult]:
    """The test cases of a JUnit XML file.

    Raises:
        ReportFileError: it is not JUnit XML.
    """
    root = _root(path, name)
    if root.tag not in ("testsuites", "testsuite"):
        raise ReportFileError(f"{name} is not JUnit XML: its root is <{root.tag}>")
    suites = [root] if root.tag == "testsuite" else list(root.iter("testsuite"))
    found = []
    for suite in suites:
        for case in suite.findall("testcase"):
            status, message = _status(case)
            found.append(
                TestResult(
                    name=case.get("name", ""),
                    prefix=case.get("classname", ""),
                    suite=suite.get("name", ""),
                    status=status,
                    nanoseconds=int(_number(case.get("time")) * 1e9),
                    message=message[:_MAX_MESSAGE],
                    path=name,
                )
            )
    return found


def read_cobertura(path: Path, name: str) -> list[FileCoverage]:
    """The files of a Cobertura XML file.

    Raises:
        ReportFileError: it is not Cobertura XML.
    """
    root = _root(path, name)
    if root.tag != "coverage":
        raise ReportFileError(f"{name} is not Cobertura XML: its root is <{root.tag}>")
    found: dict[str, FileCoverage] = {}
    for element in root.iter("class"):
        source = element.get("filename", "")
        coverage = found.setdefault(source, FileCoverage(source))
        for line in element.findall("lines/line"):
            number = int(line.get("number", "0"))
            covered = int(line.get("hits", "0")) > 0
            coverage.lines[number] = covered or coverage.lines.get(number, False)
            condition = _CONDITION.search(line.get("condition-coverage", ""))
            if condition:
                coverage.branches[number] = (int(condition[1]), int(condition[2]))
    return list(found.values())


def status_counts(results: list[TestResult]) -> dict[str, int]:
    """How many test cases have each status."""
    counts = Counter(result.status for result in results)
    return {status: counts[status] for status in _STATUSES}


def _root(path: Path, name: str) -> ElementTree.Element:
    try:
        # A report that a build of the user has written; Python's expat limits the expansion of entities.
        return ElementTree.parse(path).getroot()  # noqa: S314
    except ElementTree.ParseError as error:
        raise ReportFileError(f"{name} is not XML: {error}") from error


def _status(case: ElementTree.Element) -> tuple[str, str]:
    for tag, status in (("failure", "FAILED"), ("error", "ERROR"), ("skipped", "SKIPPED")):
        element = case.find(tag)
        if element is not None:
            parts = (element.get("message", ""), (element.text or "").strip())
            return status, "\n".join(dict.fromkeys(part for part in parts if part))
    return "SUCCEEDED", ""


def _number(text: str | None) -> float:
    try:
        return float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
