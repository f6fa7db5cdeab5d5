"""The transition tables of a connection."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.connection_states import (
    ANSWERING,
    ENDED,
    READING,
    Answering,
    ConnectionState,
    IllegalTransitionError,
    Input,
    Output,
    Reading,
)


def test_every_state_has_its_transitions() -> None:
    assert set(READING) == set(Reading)
    assert set(ANSWERING) == set(Answering)


def test_every_state_can_be_reached() -> None:
    assert {after for events in READING.values() for after in events.values()} == set(Reading)
    assert {after for events in ANSWERING.values() for after in events.values()} == set(Answering)


def test_what_has_ended_does_not_begin_again() -> None:
    for state in ENDED:
        assert set(READING[state].values()) <= ENDED
    assert READING[Reading.LOST] == {}


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in itertools.product(Reading, Input) if pair[1] not in READING[pair[0]]],
    ids=lambda item: item.name,
)
def test_an_illegal_input_is_a_fault(state: Reading, event: Input) -> None:
    connection = ConnectionState()
    connection.reading = state
    with pytest.raises(IllegalTransitionError, match=f"{event.name} in state {state.name}"):
        connection.read(event)
    assert connection.reading is state


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in itertools.product(Answering, Output) if pair[1] not in ANSWERING[pair[0]]],
    ids=lambda item: item.name,
)
def test_an_illegal_output_is_a_fault(state: Answering, event: Output) -> None:
    connection = ConnectionState()
    connection.answering = state
    with pytest.raises(IllegalTransitionError, match=f"{event.name} in state {state.name}"):
        connection.answer(event)
    assert connection.answering is state


@given(events=st.lists(st.sampled_from([*Input, *Output])))
def test_it_answers_only_while_nothing_holds_it_back(events: list[Input | Output]) -> None:
    connection = ConnectionState()
    working = blocked = False
    for event in events:
        try:
            if isinstance(event, Input):
                connection.read(event)
                continue
            connection.answer(event)
        except IllegalTransitionError:
            continue
        working = {Output.WORK_BEGINS: True, Output.WORK_ENDS: False}.get(event, working)
        blocked = {Output.PAUSE: True, Output.RESUME: False}.get(event, blocked)
        assert connection.working is working
        assert connection.may_answer is not (working or blocked or connection.ended)
