"""An execution from its first moment."""

import pytest


def test_an_execution_can_be_read_before_its_program_runs(
    runner, context, monkeypatch: pytest.MonkeyPatch
):
    """Its start is published after it was added to the list of the machine."""
    seen = []

    def publish(*_):
        for machine in runner.backend.state_machines:
            seen.extend(execution.status for execution in machine.executions)

    monkeypatch.setattr(context, "publish", publish)
    runner.run({"Done": {"Type": "Succeed"}})
    assert seen == ["RUNNING", "SUCCEEDED"]
