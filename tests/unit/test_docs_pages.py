"""What single pages promise: glossary, changelog, security, requirements; and the length of their lines."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.pages import FENCE, ROOT, SPAN, files, name_of, text_of

LONGEST_LINE = 119
PAGES = files(".md")


def table_terms(page: Path) -> list[str]:
    """The first cell of every row of the page's tables, without the headings."""
    rows = re.findall(r"^\| ([^|]+?) \|", text_of(page), re.MULTILINE)
    return [row for row in rows if row not in {"---", "term"}]


def long_lines(text: str) -> list[str]:
    """Lines of prose that are too long: not of tables, code, or one link that cannot be broken."""
    found = []
    for line in FENCE.sub("", text).splitlines():
        words = SPAN.sub("code", line).split()
        breakable = len(words) > 1 and not line.startswith(("|", "    ", "#"))
        if len(line) > LONGEST_LINE and breakable:
            found.append(line)
    return found


def releases() -> list[tuple[str, str]]:
    """Version and text of each part of the changelog."""
    parts = re.split(r"^## ", text_of(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_lines_of_a_page_are_short(page: Path) -> None:
    assert not long_lines(text_of(page)), f"break these lines at {LONGEST_LINE} characters"


def test_tables_and_code_may_be_long() -> None:
    text = f"| {'x' * 130} |\n```\n{'x ' * 80}\n```\n{'word ' * 30}\n"
    assert long_lines(text) == ["word " * 30]


def test_the_terms_of_the_glossary_are_used() -> None:
    glossary = ROOT / "docs/glossary.md"
    terms = table_terms(glossary)
    others = " ".join(text_of(page) for page in PAGES if page != glossary).lower()
    others = re.sub(r"\s+", " ", others)

    assert len(terms) > 30
    assert len(set(terms)) == len(terms)
    assert [term for term in terms if not re.search(rf"\b{re.escape(term.lower())}", others)] == []


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    (unreleased, _), *released = releases()

    assert unreleased == "[Unreleased]"
    assert released
    for heading, _ in released:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", heading)
    for heading, text in releases():
        found = re.findall(r"^### (.+)$", text, re.MULTILINE)
        assert set(found) <= kinds, heading
        assert len(set(found)) == len(found), heading


def test_the_newest_release_is_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert releases()[1][0].startswith(f"[{project['version']}]")


def test_the_settings_that_security_names_are_documented() -> None:
    named = set(re.findall(r"`(LOCALAWS_[A-Z_]+)\b", text_of(ROOT / "SECURITY.md")))

    assert named
    assert named <= set(SPAN.findall(text_of(ROOT / "docs/configuration.md")))


def test_the_readme_names_the_versions_of_the_prebuilt_image() -> None:
    tag = re.search(r'image_tag += "([\w.-]+)"', (ROOT / "infra/main.tf").read_text())
    assert tag
    scikit_learn = tag[1].partition("-")[0]
    jobs = (ROOT / "workflow/ml/__init__.py").read_text()
    floor = re.search(r"Python (3\.\d+) and\s+scikit-learn (1\.\d+)", jobs)
    assert floor
    requirements = text_of(ROOT / "README.md").partition("## Requirements")[2].partition("\n## ")[0]

    assert floor[2] == scikit_learn
    assert f"Python {floor[1]} and scikit-learn {scikit_learn} or newer" in requirements
    assert f"`{tag[1]}`" in requirements


def test_the_readme_names_the_python_that_the_scripts_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    floor = project["requires-python"].removeprefix(">=")

    assert f"Python {floor} or newer" in text_of(ROOT / "README.md")


def test_the_readme_shows_every_folder() -> None:
    tree = re.search(r"```text\n(.*?)```", text_of(ROOT / "README.md"), re.DOTALL)
    assert tree
    shown = {line.split()[0].rstrip("/") for line in tree[1].splitlines()}
    # Not in Git: what make builds.
    hidden = {"build", "dist"}

    assert shown == {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith((".", "__")) and path.name not in hidden
    }


def test_only_the_readme_shows_the_picture_of_a_run() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

    assert [name_of(page) for page in pages if "```mermaid" in text_of(page)] == ["README.md"]
