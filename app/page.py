"""The page: a text in, its sentiment out, and a question whether that was right.

    make app

Streamlit runs this file from the top for each visit and each click. What is kept between two clicks is in
`st.session_state`; the model is shared by all visits.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app.answers import AppError, Model, Sentiment
from app.feedback import Labels
from app.settings import AppSettings, read_settings
from app.source import find_labels, find_model
from landing_zone.core.aws import Aws

# The inference API keeps what it knows of a model for as long.
REFRESH_SECONDS = 30
STAGES = {
    "development": (st.info, "Development: a model to try things with."),
    "staging": (st.warning, "Staging: the model that may go to production next."),
    "production": (st.success, "Production: the model that answers customers."),
}
ANSWER, SAID = "answer", "said"

logger = logging.getLogger("app")


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Show an error as a sentence; the log has what nobody foresaw."""
    try:
        yield
    except AppError as error:
        st.error(str(error))
    except Exception:
        logger.exception("the page failed")
        st.error(
            "The app failed. Its log has the reason; try again, or tell the team that runs it."
        )


@st.cache_resource(show_spinner="Looking for the model ...")  # type: ignore[untyped-decorator]
def connect(_settings: AppSettings) -> tuple[Model, Labels | None]:
    """The model and where labels go, once for all visits. An error is not kept."""
    aws = Aws(_settings.deployment)
    return find_model(_settings, aws), find_labels(_settings, aws)


def main() -> None:
    st.set_page_config(page_title="Sentiment", page_icon="🎈")
    st.title("Is this praise?")
    with errors_in_words():
        settings = read_settings(os.environ)
        show, text = STAGES[settings.stage]
        show(text)
        model, labels = connect(settings)
        model_in_use(settings, model)
        ask(settings, model)
        if ANSWER in st.session_state:
            answer(settings, st.session_state[ANSWER])
            feedback(settings, st.session_state[ANSWER], labels)


@st.fragment(run_every=REFRESH_SECONDS)  # type: ignore[untyped-decorator]
def model_in_use(settings: AppSettings, model: Model) -> None:
    """The version that answers now. This part of the page is repeated, so that a rollout shows."""
    with errors_in_words():
        facts = model.describe()
        what = "Live model: version" if settings.is_live else "Model file:"
        st.markdown(f"{what} **{facts.version}** of use case **{settings.use_case}**")
        st.caption(f"It reads {facts.allowed}.")


def ask(settings: AppSettings, model: Model) -> None:
    with st.form("ask"):
        text = st.text_area("Your text", placeholder="What did you think of the film?")
        asked = st.form_submit_button("Predict", type="primary")
    if not asked:
        return
    st.session_state.pop(ANSWER, None)
    st.session_state.pop(SAID, None)
    if not text.strip():
        raise AppError("Write a text first.")
    found = model.predict(text)
    st.session_state[ANSWER] = found
    if found.label == settings.happiest:
        st.balloons()


def answer(settings: AppSettings, found: Sentiment) -> None:
    word = settings.word(found.label)
    st.subheader(f"This sounds {word}.")
    if found.probability is not None:
        st.progress(found.probability, text=f"Probability {found.probability:.1%}")
    variant = f", variant {found.variant}" if found.variant else ""
    st.caption(f"Answered by version {found.version}{variant}.")


def feedback(settings: AppSettings, found: Sentiment, labels: Labels | None) -> None:
    """One label for each answer: what the person says that it should have been."""
    if labels is None:
        st.caption("The model comes from a file, so nobody compares its answers with yours.")
        return
    if SAID not in st.session_state:
        st.write("Was this right?")
        others = found.other_labels(tuple(settings.words))
        choices = {found.label: "Yes"} | {
            label: f"No, it is {settings.word(label)}" for label in others
        }
        columns = st.columns(len(choices))
        for column, (label, text) in zip(columns, choices.items(), strict=True):
            if column.button(text, key=f"said-{label}", width="stretch"):
                labels.store(found.inference_id, label)
                st.session_state[SAID] = label
                st.rerun()
        return
    st.success(f"Thank you. Stored: {settings.word(st.session_state[SAID])}.")


main()
