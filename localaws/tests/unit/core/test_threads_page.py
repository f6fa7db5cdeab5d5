"""docs/threads-and-locks.md names every thread, and only locks that exist."""

import re
from pathlib import Path

import pytest

import localaws.core

SOURCE = Path(localaws.core.__path__[0]).parent
CODE = "\n".join(path.read_text() for path in sorted(SOURCE.rglob("*.py")))
PAGE = (Path(__file__).parents[3] / "docs/threads-and-locks.md").read_text()
NAMED = re.findall(r'(?:Thread\([^#]*?\bname|thread_name_prefix)=f?"([^"]+)"', CODE)
LOCKS = sorted(set(re.findall(r"`(\w+)\.(_?\w*(?:lock|changed|ending))`", PAGE)))


def test_the_code_is_read():
    assert {"logs", "forker", "codepipeline-events", "eventbridge"} <= set(NAMED)
    assert len(LOCKS) > 15


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_every_thread_is_on_the_page(name):
    start = re.escape(name.partition("{")[0])
    assert re.search(rf"`{start}[^`]*`", PAGE), f"no row for the thread {name!r}"


@pytest.mark.parametrize(("owner", "attribute"), LOCKS)
def test_every_lock_of_the_page_exists(owner, attribute):
    body = re.search(rf"^class {owner}\b.*?(?=^class |\Z)", CODE, re.MULTILINE | re.DOTALL)
    assert body, f"there is no class {owner}"
    assert re.search(rf"\b{attribute}\b.*threading\.(Lock|RLock|Condition)", body[0])
