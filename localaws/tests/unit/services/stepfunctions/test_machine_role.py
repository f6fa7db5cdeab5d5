"""The role of a state machine in the interpreter."""

import copy

from localaws.services.stepfunctions.execution import MachineRole


def test_a_copy_still_names_the_machine():
    role = MachineRole("arn:role", "arn:machine")
    copied = copy.deepcopy({"role": role})["role"]
    assert (copied, copied.state_machine_arn) == ("arn:role", "arn:machine")
