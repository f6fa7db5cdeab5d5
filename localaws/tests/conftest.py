"""Options of the tests of localaws."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-patch",
        metavar="TARGET",
        help="leave the patch of this target out of localaws.patches; see check_patches.py",
    )
