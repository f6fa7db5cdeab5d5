"""The pages of docs/ name everything there is: a key, a script or a variable without a row fails here.

test_docs.py checks the other direction: what the pages name exists.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from landing_zone.core.settings import DEPLOYMENT, OTHERS, Setting
from ml.model.estimators import ESTIMATORS
from tests.unit.pages import FENCE, ROOT, SCRIPTS, SPAN, files, help_of, name_of, text_of

DOCS = ROOT / "docs"
_LINK = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^()\s]+)\)")
# Not run: terraform passes --help to Terraform, which may have to be fetched; lib.sh is only sourced.
WITHOUT_HELP = {"terraform", "lib.sh"}


PAGES = files(".md")
PAGE_NAMES = [name_of(page) for page in PAGES]


def spans(page: Path) -> set[str]:
    """The text of every `code span` outside fenced blocks."""
    return set(SPAN.findall(FENCE.sub("", text_of(page))))


def links(text: str) -> list[str]:
    """The targets of the links of a page. Code is not searched for links."""
    return _LINK.findall(SPAN.sub("", FENCE.sub("", text)))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        found.add(plain.replace(" ", "-"))
    return found


def schema(name: str) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    return json.loads((ROOT / "config" / name).read_text(encoding="utf-8"))


def manifest_keys() -> list[str]:
    return list(schema("manifest.schema.json")["properties"])


def use_case_keys() -> list[str]:
    """In the form that the page uses: name, data.minimum_rows, columns[].type."""
    document = schema("use_case.schema.json")
    found = []
    for name, part in document["properties"].items():
        found += [f"{name}.{key}" for key in part.get("properties", {})] or [name]
    return found + [f"columns[].{key}" for key in document["definitions"]["column"]["properties"]]


def terraform_variables() -> list[str]:
    text = "\n".join(text_of(path) for path in sorted((ROOT / "infra").glob("*.tf")))
    return re.findall(r'^variable "(\w+)"', text, re.MULTILINE)


def scripts() -> list[str]:
    return sorted(path.name for path in SCRIPTS.iterdir() if path.is_file())


def settings_of_localaws() -> set[str]:
    """Variables that localaws reads from the environment in which it is started."""
    code = "".join(path.read_text() for path in (ROOT / "localaws/src").rglob("*.py"))
    return set(re.findall(r'environ\.get\(\s*"(LOCALAWS_\w+)"', code))


def has_row(page: Path, name: str) -> bool:
    """Whether the first cell of a table row has this name, alone or among others."""
    cells = re.findall(r"^\| ([^|]+) \|", text_of(page), re.MULTILINE)
    return any(name in SPAN.findall(cell) for cell in cells)


@pytest.mark.parametrize("setting", [*DEPLOYMENT, *OTHERS], ids=lambda setting: setting.name)
def test_a_setting_has_a_row_with_its_default(setting: Setting) -> None:
    row = re.search(
        rf"^\| `{setting.name}` \| ([^|]*)\|", text_of(DOCS / "configuration.md"), re.MULTILINE
    )
    assert row, f"docs/configuration.md has no row | `{setting.name}` | ..."
    default = f"`{setting.default}`" if setting.default else "empty"
    assert row[1].startswith(default), f"the page says {row[1]!r}, the code {default}"


def test_the_settings_of_localaws_are_documented() -> None:
    found = settings_of_localaws()
    assert {"LOCALAWS_PORT", "LOCALAWS_STATE_DIR", "LOCALAWS_TIME_SCALE"} <= found
    for page in (ROOT / "localaws/README.md", DOCS / "configuration.md"):
        assert not [name for name in sorted(found) if not has_row(page, name)], page


@pytest.mark.parametrize("key", manifest_keys())
def test_a_manifest_key_has_a_row(key: str) -> None:
    assert has_row(DOCS / "configuration.md", key)


@pytest.mark.parametrize("key", use_case_keys())
def test_a_use_case_key_has_a_row(key: str) -> None:
    assert has_row(DOCS / "use-cases.md", key)


def test_the_estimators_are_documented() -> None:
    assert not set(ESTIMATORS) - spans(DOCS / "use-cases.md")


@pytest.mark.parametrize("name", terraform_variables())
def test_a_terraform_variable_has_a_row(name: str) -> None:
    assert has_row(DOCS / "configuration.md", name)


@pytest.mark.parametrize("stage", ["development", "staging", "production"])
def test_the_values_of_an_environment_are_those_of_its_file(stage: str) -> None:
    values = (ROOT / f"config/environments/{stage}.tfvars").read_text()
    table = text_of(DOCS / "configuration.md").partition("## Terraform")[2]
    head = next(line for line in table.splitlines() if line.startswith("| variable"))
    column = [cell.strip() for cell in head.split("|")].index(stage)

    def said(name: str) -> str:
        row = next(line for line in table.splitlines() if line.startswith(f"| `{name}`"))
        return row.split("|")[column].strip().strip("`")

    for name in ("build_stage", "force_destroy", "kms_deletion_window_days"):
        found = re.search(rf'^{name} *= *"?([\w-]+)"?$', values, re.MULTILINE)
        assert found, f"{name} in {stage}.tfvars"
        assert found[1] == said(name)
    days = re.findall(r"^  (?:artifacts|logs|versions) *= *(\d+)$", values, re.MULTILINE)
    assert ", ".join(days) == said("retention_days")


@pytest.mark.parametrize("script", scripts())
def test_a_script_has_a_row(script: str) -> None:
    assert has_row(DOCS / "operations.md", script)


@pytest.mark.parametrize("script", sorted(set(scripts()) - WITHOUT_HELP))
def test_a_script_answers_help(script: str) -> None:
    assert len(help_of(script)) > 60


def test_the_scripts_without_help_are_not_for_people() -> None:
    assert os.access(SCRIPTS / "terraform", os.X_OK)
    assert "Sourced, never run" in (SCRIPTS / "lib.sh").read_text()


def test_the_table_of_scripts_has_their_options() -> None:
    table = text_of(DOCS / "operations.md").partition("## Every script")[2]
    rows = re.findall(r"^\| (`[^|]+) \| [^|]* \| ([^|]*)\|$", table, re.MULTILINE)
    checked = set()
    for names, options in rows:
        for name in SPAN.findall(names):
            if name in WITHOUT_HELP or name == "tflint.sh":  # tflint's own options
                continue
            said = set(re.findall(r"`(--[a-z0-9-]+)`", options))
            real = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", help_of(name))) - {"--help"}
            assert said == real, f"{name}: the table says {sorted(said)}, --help {sorted(real)}"
            checked.add(name)
    assert checked == set(scripts()) - WITHOUT_HELP - {"tflint.sh"}


def test_the_commands_of_localaws_exist() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "localaws", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    known = set(re.findall(r"^ {4}([a-z]+) ", done.stdout, re.MULTILINE))
    code = "".join(
        re.findall(
            r"^```sh\n(.*?)^```", text_of(ROOT / "localaws/README.md"), re.MULTILINE | re.DOTALL
        )
    )
    named = set(re.findall(r"^localaws ([a-z]+)\b", code, re.MULTILINE))
    named |= {
        word for page in PAGES for word in re.findall(r"-m localaws ([a-z]+)\b", text_of(page))
    }
    assert named == known, "localaws/README.md shows every command, and none that does not exist"


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_links_and_their_anchors_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(text_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            broken.append(f"{link}: {target} does not exist")
        elif anchor and anchor not in anchors(text_of(target)):
            broken.append(f"{link}: there are {sorted(anchors(text_of(target)))}")
    assert not broken


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=name_of)
def test_a_page_is_linked_from_the_index_above_it(page: Path) -> None:
    index = page.parent / "README.md"
    if page == DOCS / "README.md":
        index = ROOT / "CONTRIBUTING.md"
    elif page == index:
        index = page.parent.parent / "README.md"
    reached = {Path(os.path.normpath(index.parent / link)) for link in links(text_of(index))}
    assert page in reached, f"{name_of(index)} has no link to it"


def test_code_is_not_searched_for_links() -> None:
    text = "[here](missing.md) `[not](a.md)`\n```\n[nor](this.md)\n```\n# A `b` c!\n"
    assert links(text) == ["missing.md"]
    assert anchors(text) == {"a-b-c"}
