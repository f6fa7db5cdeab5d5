"""What the README and docs/ name exists: commands, options, settings, links."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from landing_zone.core.settings import DEPLOYMENT, OTHERS, Setting
from landing_zone.delivery.settings import CICD
from tests.unit.pages import ROOT, SCRIPTS, help_of

PAGES = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "localaws/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
TEXT = "\n".join(page.read_text() for page in PAGES)
PARTS = ("cicd", "deployment-scripts", "infra", "lambdas", "localaws", "sample-files", "workflow")
# The programs with which a command of the documentation may begin, after its variables.
PROGRAMS = {
    "make", "bash", "python", ".venv/bin/python", "export", "source", "aws", "terraform", "pip",
    "localaws", "uv", "git", "curl",
}  # fmt: skip


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[str]:
    """The shell code of a page, including code that a list indents."""
    found = re.findall(r"^( *)```sh\n(.*?)^\1```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [code for _, code in found]


def commands() -> list[tuple[str, list[str]]]:
    """The page and the words of each command."""
    found = []
    for page in PAGES:
        for block in blocks(page):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    found.append((name_of(page), words))
    return found


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_documentation_has_commands() -> None:
    assert len(commands()) > 25


@pytest.mark.parametrize(("page", "words"), commands(), ids=lambda value: str(value)[:60])
def test_a_command_begins_with_a_program_we_know(page: str, words: list[str]) -> None:
    program = next(word for word in words if not re.match(r"[A-Z_]+=", word))

    assert program in PROGRAMS, f"{page}: {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_shell_code_is_shell_code(page: Path) -> None:
    for block in blocks(page):
        done = subprocess.run(
            ["bash", "-n"], input=block, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page: Path) -> None:
    text = page.read_text()
    code = "\n".join([*blocks(page), *re.findall(r"`([^`\n]+)`", text)])

    named = set(re.findall(r"(?:^|[;&|] *)make ([a-z][a-z-]*)", code, re.MULTILINE))

    assert named <= targets()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_scripts_that_are_named_exist(page: Path) -> None:
    code = re.findall(r"`([^`\n]+)`", page.read_text())
    paths = {word for text in code for word in re.findall(r"^[\w.-]+/[\w./-]+\.(?:py|sh)$", text)}
    names = {word for text in code for word in re.findall(r"^[\w-]+\.(?:py|sh)\b", text)}
    known = {path.name for part in PARTS for path in (ROOT / part).rglob("*") if path.is_file()}
    # Files that the page itself shows.
    known |= set(re.findall(r"^`([\w.]+)`[^\n]*:\n\n```", page.read_text(), re.MULTILINE))

    assert {path for path in paths if not (ROOT / path).is_file()} == set()
    assert names - known == set()


@pytest.mark.parametrize(
    ("page", "words"),
    [(page, words) for page, words in commands() if "deployment-scripts/" in " ".join(words)],
    ids=lambda value: str(value)[:60],
)
def test_options_of_a_script_are_in_its_help(page: str, words: list[str]) -> None:
    place = next(
        index for index, word in enumerate(words) if word.startswith("deployment-scripts/")
    )
    script = words[place].removeprefix("deployment-scripts/")
    options = [word.partition("=")[0] for word in words[place + 1 :] if word.startswith("--")]

    assert (SCRIPTS / script).is_file(), page
    for option in options:
        assert option in help_of(script), f"{page}: {' '.join(words)}"


@pytest.mark.parametrize("setting", [*DEPLOYMENT, *OTHERS, *CICD], ids=lambda setting: setting.name)
def test_a_setting_is_documented_with_its_default(setting: Setting) -> None:
    rows = re.findall(rf"^\| `{setting.name}` \| (.*?) \|", TEXT, re.MULTILINE)

    assert rows, f"no table in docs/ has a row for {setting.name}"
    if setting.default:
        assert any(row.startswith(f"`{setting.default}`") for row in rows), rows


def test_every_setting_that_make_local_takes_is_a_setting() -> None:
    exported = re.search(
        r"^export ((?:[A-Z_]+ ?)+)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert exported
    taken = set(exported[1].split())

    assert taken
    assert taken <= {setting.name for setting in DEPLOYMENT}


def test_variables_of_localaws_exist() -> None:
    code = "".join(path.read_text() for path in (ROOT / "localaws/src").rglob("*.py"))

    named = {name for page in PAGES for name in re.findall(r"\bLOCALAWS_[A-Z_]+", page.read_text())}

    assert named
    assert {name for name in named if name not in code} == set()


def test_every_script_is_documented() -> None:
    scripts = {path.name for path in SCRIPTS.iterdir() if path.is_file()}

    assert scripts - set(re.findall(r"[\w.-]+", TEXT)) == set()


def test_every_make_target_says_what_it_does() -> None:
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)

    listed = {line.split()[0] for line in done.stdout.splitlines()}

    assert phony == targets() == listed
    assert all(len(line.split()) > 2 for line in done.stdout.splitlines())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_ci_runs_the_test_command_of_the_readme() -> None:
    first = blocks(ROOT / "README.md")[0]
    commands_of_ci = (ROOT / ".ci/run").read_text().splitlines()

    assert "make test" in [line.partition("#")[0].strip() for line in first.splitlines()]
    assert "make test" in commands_of_ci
    assert "make lint" in commands_of_ci


def test_the_hooks_call_targets_that_exist() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()

    called = set(re.findall(r"entry: make ([a-z-]+)", text))

    assert called
    assert called <= targets()


def test_the_decisions_are_listed() -> None:
    pages = {path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md")}

    assert (
        set(
            re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text())
        )
        == pages
    )


def test_people_set_the_first_keys_of_the_manifest() -> None:
    schema = json.loads((ROOT / "config/manifest.schema.json").read_text())
    manifest = json.loads((ROOT / "config/manifest.json").read_text())
    of_people = [
        key for key, rule in schema["properties"].items() if rule["x-filled-by"] == "person"
    ]

    assert "People set the first nine keys" in (ROOT / "docs/architecture.md").read_text()
    assert list(manifest)[:9] == of_people
    assert set(schema["required"]) <= set(list(manifest)[:10])
