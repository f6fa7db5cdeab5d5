from __future__ import annotations

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.timing import Steps


def test_failed_steps_are_counted_too() -> None:
    clock = iter([0.0, 2.0, 2.0, 5.0])
    steps = Steps(lambda: next(clock))

    with steps.step("plan"):
        pass
    with pytest.raises(OperatorError), steps.step("apply"):
        raise OperatorError("no")

    assert steps.seconds == {"plan": 2.0, "apply": 3.0}
    assert "total" in steps.table("took")
    assert "5.0 s" in steps.table("took").splitlines()[-1]
