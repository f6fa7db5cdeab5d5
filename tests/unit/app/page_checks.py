"""Checks of the page with Streamlit's AppTest.

test_page.py runs them in the app's own environment, which has no pytest:

    .app/bin/python tests/unit/app/page_checks.py MODEL     prints {"name of a check": "" or what is wrong}

fake_aws.py stands for the inference API and for S3, so that the app's own clients are used.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.unit.app.fake_aws import Aws

PAGE = Path(__file__).parents[3] / "app/page.py"
AWS = Aws()
ARCHIVE = sys.argv[1]


@contextmanager
def page(**settings: str) -> Iterator[AppTest]:
    environment = {**AWS.environment, "PATH": os.environ["PATH"], **settings}
    st.cache_resource.clear()
    AWS.stored.clear()
    AWS.refusal = None
    with patch.dict(os.environ, environment, clear=True):
        yield AppTest.from_file(str(PAGE), default_timeout=120).run()


def ask(app: AppTest, text: str) -> None:
    app.text_area[0].input(text)
    app.button[0].click().run()


def texts(app: AppTest, kind: str) -> str:
    return " | ".join(element.value for element in app.get(kind))


def balloons(app: AppTest) -> int:
    return len(app.get("balloons"))


def the_page_names_the_stage_and_the_version() -> None:
    with page() as app:
        assert "Development" in texts(app, "info"), app
        assert "version **7**" in texts(app, "markdown")
        assert "3 to 5000 characters" in texts(app, "caption")
    with page(BUILD_STAGE="staging") as app:
        assert "Staging" in texts(app, "warning")
    with page(BUILD_STAGE="production") as app:
        assert "Production" in texts(app, "success")


def praise_is_answered_with_balloons_and_a_label_is_stored() -> None:
    with page() as app:
        ask(app, "a great film")
        assert texts(app, "subheader") == "This sounds positive."
        assert balloons(app) == 1
        assert "version 7, variant challenger" in texts(app, "caption")
        assert [button.label for button in app.button][1:] == ["Yes", "No, it is negative"]
        app.button(key="said-0").click().run()
        [(path, body)] = AWS.stored.items()
        assert path.startswith("/workflow/labels/reviews/20"), path
        assert body == b"inference_id,row,label\nJKJa=,0,0\n", body
        assert "Stored: negative" in texts(app, "success")
        assert len(app.button) == 1, "a second label could be stored"
        assert balloons(app) == 0, "balloons rise again"


def another_text_may_be_rated_again() -> None:
    with page() as app:
        ask(app, "a great film")
        app.button(key="said-1").click().run()
        ask(app, "dull")
        assert texts(app, "subheader") == "This sounds negative."
        assert balloons(app) == 0
        assert len(app.button) == 3


def refusals_are_sentences() -> None:
    with page() as app:
        ask(app, "  ")
        assert texts(app, "error") == "Write a text first."
        for status, document, said in (
            (
                400,
                {"problems": [{"allowed": "a text of 3 to 5000 characters"}]},
                "It has 2 characters",
            ),
            (429, {}, "Too many people"),
            (504, {}, "not in service"),
        ):
            AWS.refusal = status, document
            ask(app, "no")
            assert said in texts(app, "error"), texts(app, "error")
            assert not app.exception
            assert not app.subheader, "an earlier answer is still shown"


def what_nobody_foresaw_is_in_the_log_only() -> None:
    logger = logging.getLogger("app")
    records: list[logging.LogRecord] = []
    logger.addFilter(lambda record: bool(records.append(record)))
    with page() as app:
        AWS.refusal = 200, {"another": "answer"}
        ask(app, "no")
        assert "The app failed" in texts(app, "error")
        assert "KeyError" not in texts(app, "error")
        assert not app.exception
    assert [record.exc_info[0] for record in records if record.exc_info] == [KeyError]


def wrong_settings_are_named() -> None:
    with page(APP_LABELS="positive") as app:
        assert "APP_LABELS is 'positive'" in texts(app, "error")
    with page(APP_MODEL="/no/such/file") as app:
        assert "APP_MODEL is '/no/such/file'" in texts(app, "error")


def a_model_file_predicts_without_an_api() -> None:
    with page(APP_MODEL=ARCHIVE, APP_API_URL="") as app:
        assert "Model file: **reviews" in texts(app, "markdown"), texts(app, "error")
        ask(app, "A wonderful film, and the actors are great. Go and enjoy it.")
        assert texts(app, "subheader") == "This sounds positive.", texts(app, "error")
        assert len(app.button) == 1, "labels of a model file are joined with nothing"


CHECKS: tuple[Callable[[], None], ...] = (
    the_page_names_the_stage_and_the_version,
    praise_is_answered_with_balloons_and_a_label_is_stored,
    another_text_may_be_rated_again,
    refusals_are_sentences,
    what_nobody_foresaw_is_in_the_log_only,
    wrong_settings_are_named,
    a_model_file_predicts_without_an_api,
)


def run(check: Callable[[], None]) -> str:
    try:
        check()
    except Exception:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    logging.disable(logging.NOTSET)
    print(json.dumps({check.__name__: run(check) for check in CHECKS}))  # noqa: T201
