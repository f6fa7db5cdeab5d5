"""What a person does with the console, from a file that is refused to a prediction."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Page, expect

from landing_zone.core.settings import ROOT
from tests.local.console_browser import browser, console, opened, resident_megabytes, violations

USE_CASE = "iris"
GOOD = ROOT / "sample-files/iris.csv"
# The line of the file with the value that the data gate refuses; line 1 is the header.
BAD_LINE = 7
MOST_MEGABYTES = 80
# A run takes longer on a machine that is busy with other tests.
expect.set_options(timeout=120_000)


def tell(environment: Mapping[str, str], folder: Path) -> None:
    """Start a run with a file, mend the file, approve with a reason, predict."""
    with console(environment) as (url, pid), browser(url) as page:
        start_with_a_file(page, folder)
        run = follow_the_run(page)
        approve(page, run, "ApproveModel", "better than no model")
        approve(page, run, "UploadInferenceDataConfirmation", "the endpoint needs no data")
        expect(page.get_by_role("heading", level=1).locator("xpath=..")).to_contain_text(
            "succeeded"
        )
        predict(page)
        look_at_every_page(page, run)
        assert resident_megabytes(pid) < MOST_MEGABYTES


def start_with_a_file(page: Page, folder: Path) -> None:
    with GOOD.open(newline="") as file:
        rows = list(csv.reader(file))
    wrong = [[*row] for row in rows]
    wrong[BAD_LINE - 1][0] = "about five"
    path = folder / "flowers.csv"

    opened(page, f"/start?use_case={USE_CASE}", "Start a run")
    write(path, wrong)
    page.get_by_label("CSV file to train on").set_input_files(path)
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("Data refused: 1 violation")
    expect(refusal).to_contain_text(f"line {BAD_LINE}")
    expect(refusal).to_contain_text("about five")
    expect(page.get_by_role("button", name="Start the run")).to_be_disabled()

    write(path, rows)
    page.get_by_label("CSV file to train on").set_input_files(path)
    expect(page.get_by_role("main").get_by_text("The data gate accepts the file.")).to_be_visible()
    page.get_by_label("The model goes to").select_option("SageMakerEndpoint")
    page.get_by_label("Image tag").fill("local")
    page.get_by_label("Reason to approve the data").fill("measured in May")
    page.get_by_role("button", name="Start the run").click()
    expect(
        page.get_by_role("main").get_by_text("approved UploadSourceData: measured in May")
    ).to_be_visible()


def follow_the_run(page: Page) -> str:
    """Without a reload, until it waits for the approval of the model."""
    page.get_by_role("link", name=re.compile("^run ")).click()
    page.get_by_role("heading", level=1, name="Run of iris").wait_for()
    run = page.url.rpartition("/")[2]
    page.get_by_role("link", name="Answer ApproveModel").click()
    return run


def approve(page: Page, run: str, approval: str, reason: str) -> None:
    if not page.url.endswith("/approval"):
        page.get_by_role("link", name=f"Answer {approval}").click()
    page.get_by_role("heading", level=1, name=f"Approval {approval}").wait_for()
    expect(page.get_by_role("main").get_by_text("The gate has passed.")).to_be_visible()
    assert page.frame_locator("iframe.report").get_by_role("heading", name="iris").is_visible()
    page.get_by_role("button", name="Approve", exact=True).click()
    assert page.url.endswith("/approval"), "an answer needs a reason"
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Approve", exact=True).click()
    page.wait_for_url(f"**/runs/{run}")
    expect(page.get_by_role("main").get_by_text(f"“{reason}”")).to_be_visible()


def predict(page: Page) -> None:
    opened(page, f"/predict/{USE_CASE}", "Predict with iris")
    for name, value in zip(
        ("sepal_length", "sepal_width", "petal_length", "petal_width"),
        ("6.7", "3.0", "5.2", "2.3"),
        strict=True,
    ):
        page.get_by_label(name).fill(value)
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_label("Prediction", exact=True)).to_contain_text("virginica")

    page.get_by_label("petal_width").fill("broad")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("found 'broad', expected a number")


def look_at_every_page(page: Page, run: str) -> None:
    """Each says something, and axe finds nothing."""
    pages = {
        "/runs": "Runs",
        f"/runs/{run}": "Run of iris",
        f"/runs/{run}/approval": "Evidence",
        f"/compare/{run}/{run}": "Two runs",
        "/start": "Start a run",
        "/models/iris": "Models of iris",
        "/models/iris/1": "Version 1 of iris",
        "/endpoints": "Endpoints",
        "/endpoints/iris/prod": "ml-core-development-iris",
        "/predict/iris": "Predict with iris",
        "/drift/iris/prod": "Drift of iris",
        "/cost": "Cost",
    }
    # The colours of all pages are the same, so two of them stand for all in the dark.
    dark = {f"/runs/{run}", f"/runs/{run}/approval"}
    found = []
    for path, heading in pages.items():
        shown = opened(page, path, heading)
        found += violations(shown, "light", *(("dark",) if path in dark else ()))
    assert found == []


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
