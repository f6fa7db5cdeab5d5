"""When the traffic is back, from the answers of a caller."""

from __future__ import annotations

from benchmarks.rollouts import PROOF, Caller


def caller(*answers: str) -> Caller:
    made = Caller(registry=None)  # type: ignore[arg-type]  # it calls nothing
    made.answers = [(float(at), answer) for at, answer in enumerate(answers)]
    return made


def test_the_traffic_is_back_with_the_last_answer_of_the_other_version() -> None:
    before = caller("bad", "good", "bad", *["good"] * (PROOF - 1))
    after = caller("bad", "good", "bad", *["good"] * PROOF)

    assert (before.is_back("good"), after.is_back("good")) == (False, True)
    assert (after.last_answer("bad"), after.is_back("bad")) == (2.0, False)
    assert (after.has_answered("bad"), after.has_answered("other")) == (True, False)
