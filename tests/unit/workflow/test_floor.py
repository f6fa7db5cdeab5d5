"""The oldest environment that the jobs run in is SageMaker's prebuilt scikit-learn image."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from ml.code_version import source_files
from tests.unit.workflow.conftest import ROOT

WORKFLOW = ROOT / "workflow"
SOURCES = source_files(WORKFLOW)
PREBUILT = {"joblib", "numpy", "pandas", "scipy", "sklearn", "threadpoolctl"}


def imports(tree: ast.Module) -> set[str]:
    """What is imported as soon as the module is: not in a function, and not where a failure is caught."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("name", SOURCES)
def test_the_syntax_is_that_of_python_3_10(name: str) -> None:
    ast.parse(SOURCES[name].read_text(encoding="utf-8"), feature_version=(3, 10))


def test_the_prebuilt_image_has_what_is_imported() -> None:
    found: set[str] = set()
    # Imported by other modules only where the library is known to be installed.
    optional = {"ml/export/onnx_session.py", "ml/model/boosting.py"}
    for name, path in SOURCES.items():
        if name not in optional:
            found |= imports(ast.parse(path.read_text(encoding="utf-8")))
    assert found - PREBUILT - set(sys.stdlib_module_names) == {"ml"}


def test_the_pages_name_the_image_that_terraform_chooses() -> None:
    terraform = (ROOT / "infra/main.tf").read_text(encoding="utf-8")
    found = re.search(r'image_tag\s*=\s*"(([\d.]+)-[^"]+)"', terraform)
    assert found is not None
    tag, version = found.groups()
    readme = Path(WORKFLOW / "README.md").read_text(encoding="utf-8")
    assert f"`sagemaker-scikit-learn:{tag}`" in readme
    assert f"scikit-learn {version} or newer" in readme
    assert f"scikit-learn {version} on" in " ".join(
        (WORKFLOW / "ml/__init__.py").read_text().split()
    )
