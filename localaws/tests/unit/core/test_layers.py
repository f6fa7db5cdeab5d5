"""core is below services: it knows none of them, so that a service can be added without a change in core."""

import ast
from pathlib import Path

import localaws.core

CORE = Path(localaws.core.__path__[0])


def imported_names(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write absolute imports"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_core_imports_nothing_of_localaws_but_core():
    files = sorted(CORE.rglob("*.py"))
    assert len(files) > 10
    wrong = {
        f"{path.relative_to(CORE)} imports {name}"
        for path in files
        for name in imported_names(path)
        if name.split(".")[0] == "localaws" and not name.startswith("localaws.core.")
    }
    assert not wrong


def test_no_string_in_core_names_a_service_to_import():
    for path in sorted(CORE.rglob("*.py")):
        assert "localaws.services" not in path.read_text(), path
