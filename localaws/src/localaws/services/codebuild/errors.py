"""The errors of CodeBuild's API, and the one that fails a phase of a build."""

from __future__ import annotations

from localaws.core.errors import AwsError


def invalid_input(message: str) -> AwsError:
    """A request that AWS refuses."""
    return AwsError("InvalidInputException", message)


def refused(what: str, advice: str) -> AwsError:
    """A parameter of AWS that would change the result and is not emulated."""
    return invalid_input(f"localaws does not emulate {what}. {advice}")


def not_found(message: str) -> AwsError:
    """A resource that does not exist."""
    return AwsError("ResourceNotFoundException", message)


def already_exists(message: str) -> AwsError:
    """A name that is taken."""
    return AwsError("ResourceAlreadyExistsException", message)


def limit_exceeded(message: str) -> AwsError:
    """More than the account or the project allows."""
    return AwsError("AccountLimitExceededException", message)


class PhaseError(Exception):
    """A phase of a build fails.

    Args:
        code: the status code in the context of the phase, for example ``COMMAND_EXECUTION_ERROR``.
        message: the message beside it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
