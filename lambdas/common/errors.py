"""Failures that a person can act on: the exception's text becomes the message of the pipeline action."""

from __future__ import annotations

from collections.abc import Sequence


class ActionError(Exception):
    """The action cannot succeed; raised when the cause is known and the next step can be named."""

    # failureDetails.type of put_job_failure_result
    failure_type = "JobFailed"


class ConfigurationError(ActionError):
    """Something in Git or in the pipeline's settings is wrong; running again changes nothing."""

    failure_type = "ConfigurationError"

    def __init__(self, subject: str, problems: str | Sequence[str], next_step: str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        if len(self.problems) == 1:
            text = f"{subject}: {self.problems[0]}"
        else:
            lines = "".join(f"\n- {problem}" for problem in self.problems)
            text = f"{subject}: {len(self.problems)} problems{lines}\n"
        super().__init__(f"{text.rstrip('.')}{'' if text.endswith(chr(10)) else '. '}{next_step}")


class AccessError(ActionError):
    """The function's role, or the job's credentials, may not do what the action needs."""

    failure_type = "PermissionError"


class InputError(ActionError):
    """The input of the action cannot be used: an artifact, a model package, or an answer of AWS."""
