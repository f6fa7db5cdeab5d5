"""The table of moto's patches is complete and true. check_patches.py shows that each patch is needed."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import localaws
from localaws.core.clock import Clock
from localaws.patch import Patch, PatchError, apply, find
from localaws.patches import INTERPRETER_PATCHES, PATCHES

ROOT = Path(__file__).parents[3]
SOURCE = Path(localaws.__file__).parent
ALL = (*PATCHES, *INTERPRETER_PATCHES)
FUNCTIONS = [
    patch for patch in ALL if not patch.target.endswith((".backend", ":time", ":url_paths"))
]


def contexts(*_: str) -> Any:
    return SimpleNamespace(clock=Clock())


def value_of(patch: Patch) -> Any:
    owner, name = find(patch)
    return vars(owner)[name]


@pytest.mark.parametrize("patch", ALL, ids=lambda patch: patch.target)
def test_a_patch_is_applied_and_undone(patch: Patch) -> None:
    before = value_of(patch)
    with apply([patch], contexts):
        assert value_of(patch) is not before
    assert value_of(patch) is before


def test_no_target_is_patched_twice() -> None:
    assert len({patch.target for patch in ALL}) == len(ALL)


@pytest.mark.parametrize("patch", FUNCTIONS, ids=lambda patch: patch.target)
def test_a_replacement_has_the_parameters_of_what_it_replaces(patch: Patch) -> None:
    before = value_of(patch)
    assert inspect.isfunction(before)
    # The first parameter of a method is passed by position, so its name may differ.
    is_method = "." in patch.target.partition(":")[2]
    with apply([patch], contexts):
        after = value_of(patch)
    assert parameters(after)[is_method:] == parameters(before)[is_method:]


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize("patch", ALL, ids=lambda patch: patch.target)
def test_the_test_of_a_patch_exists(patch: Patch) -> None:
    path, _, name = patch.test.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_a_function_is_replaced_where_it_was_imported() -> None:
    from moto.stepfunctions.parser.asl.component.intrinsic.argument import argument
    from moto.stepfunctions.parser.asl.utils import json_path

    before = json_path.extract_json
    (patch,) = (patch for patch in ALL if patch.target.endswith(":extract_json"))
    with apply([patch], contexts):
        assert argument.extract_json is json_path.extract_json is not before
    assert argument.extract_json is json_path.extract_json is before


def test_a_module_of_the_standard_library_is_replaced_in_one_module_only() -> None:
    import time

    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function

    (patch,) = (patch for patch in ALL if patch.target.endswith(":time"))
    with apply([patch], contexts):
        assert retrier_decl.time is not time
        assert wait_function.time is time


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("moto.s3.no_such_module:name", "No module named 'moto.s3.no_such_module'"),
        ("moto.s3.models:NoSuchClass.get_permission", "has no attribute 'NoSuchClass'"),
        ("moto.s3.models:FakeBucket.no_such_method", "does not define no_such_method"),
        ("moto.s3.models:S3Backend.url_bases", "does not define url_bases"),
    ],
)
def test_a_target_that_moto_lacks_is_named_and_nothing_is_replaced(
    target: str, reason: str
) -> None:
    first = PATCHES[0]
    before = value_of(first)
    moved = Patch(target, first.replacement, "reason", "test")
    with pytest.raises(PatchError) as refused:
        apply([first, moved], contexts)
    assert target in str(refused.value)
    assert reason in str(refused.value)
    assert "raising-moto.md" in str(refused.value)
    assert value_of(first) is before


def modules() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if path != SOURCE / "patch.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_table_changes_moto(path: Path) -> None:
    assert list(changes_of_moto(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "code",
    [
        "from moto.s3.models import FakeBucket\nFakeBucket.get_permission = print",
        "from moto.s3 import models as s3\ndef f():\n    s3.FakeBucket.x: int = 1",
        "import moto.s3.models\nmoto.s3.models.limit += 1",
        "import moto.s3.models as s3\nsetattr(s3, 'limit', 1)",
        "from moto.s3 import models\nvars(models)['limit'] = 1",
        "from moto.s3 import models\nmodels.__dict__.update(limit=1)",
        "from moto.s3 import models\ndel models.limit",
        "def f():\n    from moto.s3 import models\n    models.limit, other = 1, 2",
    ],
)
def test_a_change_of_moto_is_found(code: str) -> None:
    assert list(changes_of_moto(ast.parse(code))) != []


def changes_of_moto(tree: ast.Module) -> Iterator[str]:
    """The statements that change an attribute of something imported from moto."""
    names = {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (getattr(node, "module", None) or alias.name).split(".")[0] == "moto"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            changed = node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "setattr", "delattr", "vars",
        }:  # fmt: skip
            changed = node.args[0] if node.args else node
        elif isinstance(node, ast.Attribute) and node.attr == "__dict__":
            changed = node.value
        else:
            continue
        root = changed
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in names:
            yield f"line {node.lineno}: {ast.unparse(node)}"
