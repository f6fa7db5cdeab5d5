"""The states of a connection and every transition between them, as two machines that run side by side.

`Reading` follows the bytes that come in, `Answering` the responses that go out: the next request may arrive
while the one before is still being answered. A transition that is in neither table is a bug and
raises IllegalTransitionError.
"""

from __future__ import annotations

from enum import IntEnum, auto


class IllegalTransitionError(Exception):
    """An event in a state that has no transition for it."""


# IntEnum, because its members are hashed in C: that happens several times for each request.
class Reading(IntEnum):
    """What the next bytes of the client are."""

    IDLE = auto()  # the start of a request
    HEADERS = auto()  # the rest of its request line and headers
    BODY = auto()  # its body, or trailers
    REFUSED = auto()  # dropped, because the request was refused
    CLOSING = auto()  # dropped: what is written is sent, then the connection is closed
    LOST = auto()  # there are none: the connection is gone


class Input(IntEnum):
    """What happens to `Reading`."""

    REQUEST_BEGINS = auto()
    HEADERS_END = auto()
    REQUEST_ENDS = auto()
    REFUSE = auto()
    CLOSE = auto()
    LOSE = auto()


class Answering(IntEnum):
    """What holds back the next answer."""

    READY = auto()  # nothing
    WORKING = auto()  # a large request is answered in the thread
    BLOCKED = auto()  # the client does not read the answers that it has
    WORKING_BLOCKED = auto()  # both


class Output(IntEnum):
    """What happens to `Answering`."""

    WORK_BEGINS = auto()
    WORK_ENDS = auto()
    PAUSE = auto()
    RESUME = auto()


ENDED = frozenset((Reading.REFUSED, Reading.CLOSING, Reading.LOST))
WORKING = frozenset((Answering.WORKING, Answering.WORKING_BLOCKED))

_END = {Input.CLOSE: Reading.CLOSING, Input.LOSE: Reading.LOST}
# The parser goes on through the bytes that it was given when a request in the middle of them was refused.
_PARSED = (Input.REQUEST_BEGINS, Input.HEADERS_END, Input.REQUEST_ENDS)

READING: dict[Reading, dict[Input, Reading]] = {
    Reading.IDLE: {
        Input.REQUEST_BEGINS: Reading.HEADERS,
        Input.REFUSE: Reading.REFUSED,
        **_END,
    },
    Reading.HEADERS: {
        Input.HEADERS_END: Reading.BODY,
        Input.REFUSE: Reading.REFUSED,
        **_END,
    },
    Reading.BODY: {
        Input.REQUEST_ENDS: Reading.IDLE,
        Input.REFUSE: Reading.REFUSED,
        **_END,
    },
    Reading.REFUSED: {**dict.fromkeys(_PARSED, Reading.REFUSED), **_END},
    Reading.CLOSING: {**dict.fromkeys(_PARSED, Reading.CLOSING), **_END},
    Reading.LOST: {},
}
ANSWERING: dict[Answering, dict[Output, Answering]] = {
    Answering.READY: {
        Output.WORK_BEGINS: Answering.WORKING,
        Output.PAUSE: Answering.BLOCKED,
    },
    Answering.WORKING: {
        Output.WORK_ENDS: Answering.READY,
        Output.PAUSE: Answering.WORKING_BLOCKED,
    },
    Answering.BLOCKED: {
        Output.RESUME: Answering.READY,
    },
    Answering.WORKING_BLOCKED: {
        Output.WORK_ENDS: Answering.BLOCKED,
        Output.RESUME: Answering.WORKING,
    },
}


class ConnectionState:
    """The states of one connection, changed by `read` and `answer` alone, and what follows from them.

    What follows is kept in attributes, since a property costs as much as the rest of a transition.
    """

    __slots__ = ("answering", "ended", "reading", "working")

    def __init__(self) -> None:
        self.reading = Reading.IDLE
        self.ended = False  # no further request is read
        self.answering = Answering.READY
        self.working = False

    def read(self, event: Input) -> None:
        try:
            self.reading = reading = READING[self.reading][event]
        except KeyError:
            raise _illegal(self.reading, event) from None
        self.ended = reading in ENDED

    def answer(self, event: Output) -> None:
        try:
            self.answering = ANSWERING[self.answering][event]
        except KeyError:
            raise _illegal(self.answering, event) from None
        self.working = self.answering in WORKING

    @property
    def may_answer(self) -> bool:
        return self.answering is Answering.READY and not self.ended


def _illegal(state: IntEnum, event: IntEnum) -> IllegalTransitionError:
    return IllegalTransitionError(f"{event.name} in state {state.name}: no such transition")
