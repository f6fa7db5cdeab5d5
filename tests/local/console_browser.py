"""The console in a browser: a process of it, Debian's Chromium, and what axe says about a page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from landing_zone.core.settings import ROOT

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The browser of this machine; the test is skipped where it has none."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), "")
    if not found:
        pytest.skip(f"no {', '.join(PROGRAMS)} is installed; on Debian: apt-get install chromium")
    return found


@contextmanager
def console(environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The URL that the console prints, and the id of its process."""
    with subprocess.Popen(
        [sys.executable, "-m", "console", "--port", "0"],
        cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            found = re.fullmatch(
                r"open (http://127\.0\.0\.1:\d+/\?token=\S+)\n", process.stdout.readline()
            )
            assert found
            yield found[1], process.pid
        finally:
            process.terminate()


@contextmanager
def browser(url: str) -> Iterator[Page]:
    """A page that is signed in. Errors of the page's own program fail the test."""
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, as which tests run in containers.
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = opened.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                errors.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        page.set_default_timeout(120_000)
        page.goto(url)
        yield page
        opened.close()
        assert errors == []


def violations(page: Page, *schemes: Literal["light", "dark"]) -> list[str]:
    """What axe finds on the page in these colour schemes."""
    found = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for one in Axe().run(page).response["violations"]:
            nodes = [node["html"][:200] for node in one["nodes"][:3]]
            found.append(f"{page.url} {scheme}: {one['id']}: {one['help']}: {nodes}")
    return found


def opened(page: Page, path: str, heading: str) -> Page:
    """Go to a page of the console by its URL, and wait for its heading."""
    origin = "/".join(page.url.split("/")[:3])
    page.goto(f"{origin}{path}")
    page.get_by_role("heading", level=1, name=heading).wait_for()
    return page


def resident_megabytes(pid: int) -> float:
    """The memory of a process that is resident."""
    return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
