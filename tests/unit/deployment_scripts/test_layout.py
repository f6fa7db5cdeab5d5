"""The packages import in one direction, the map names every module, every script has its command."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import landing_zone
from landing_zone.core.manifest import Key
from landing_zone.core.settings import ROOT

SCRIPTS = ROOT / "deployment-scripts"
PACKAGE = SCRIPTS / "landing_zone"
MAY_IMPORT = {
    "core": {"core"},
    "stack": {"core", "stack"},
    "sources": {"core", "sources"},
    "api": {"api", "core"},
    "runs": {"api", "core", "runs"},
    "plans": {"core", "plans"},
    "images": {"core", "images"},
    "github": {"core", "github"},
    "load": {"api", "core", "load"},
    "models": {"core", "load", "models", "runs"},
    "monitoring": {"core", "monitoring", "runs"},
    "delivery": {"core", "delivery", "images", "plans", "runs", "sources", "stack"},
    "commands": {
        "api",
        "commands",
        "core",
        "delivery",
        "github",
        "images",
        "load",
        "models",
        "monitoring",
        "plans",
        "runs",
        "sources",
        "stack",
    },
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SCRIPTS).with_suffix("").parts)


def imports_of(path: Path) -> set[str]:
    """The modules of landing_zone that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = (SCRIPTS / full.replace(".", "/")).with_suffix(".py").is_file()
                found.add(full if is_module else node.module)
    return {name for name in found if name.startswith("landing_zone.")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_package_imports_only_from_those_it_may(path: Path) -> None:
    packages = {name.split(".")[1] for name in imports_of(path)}

    assert packages <= MAY_IMPORT[path.parent.name]


def test_no_module_imports_itself_through_others() -> None:
    graph = {name_of(path): imports_of(path) for path in MODULES}

    assert list(TopologicalSorter(graph).static_order())  # CycleError names the modules of a cycle


def test_the_map_names_every_module() -> None:
    words = set((landing_zone.__doc__ or "").replace(",", " ").split())
    modules = {path.stem for path in MODULES if path.parent.name != "commands"} - {"__init__"}

    assert modules <= words


def test_every_script_has_a_command_and_every_command_a_script() -> None:
    scripts = {
        path.stem.replace("-", "_")
        for path in SCRIPTS.iterdir()
        if path.is_file()
        and ("start(__file__)" in path.read_text() or "lz::exec " in path.read_text())
    } - {"lib"}
    commands = {path.stem for path in (PACKAGE / "commands").glob("*.py")}

    assert commands - {"__init__", "common"} == scripts


def test_the_keys_are_those_of_the_manifest() -> None:
    schema = (ROOT / "config/manifest.schema.json").read_text()

    assert [key for key in Key if f'"{key}": {{' not in schema] == []
