"""The errors of CloudWatch. Code and shape differ, because the service began with the protocol query."""

from __future__ import annotations

from localaws.core.errors import AwsError


def invalid_value(message: str) -> AwsError:
    """InvalidParameterValue."""
    return AwsError("InvalidParameterValue", message, shape="InvalidParameterValueException")


def invalid_combination(message: str) -> AwsError:
    """InvalidParameterCombination."""
    return AwsError(
        "InvalidParameterCombination", message, shape="InvalidParameterCombinationException"
    )


def missing_parameter(message: str) -> AwsError:
    """MissingParameter."""
    return AwsError("MissingParameter", message, shape="MissingRequiredParameterException")


def validation(message: str) -> AwsError:
    """ValidationError."""
    return AwsError("ValidationError", message, shape="ValidationException")


def not_found(message: str) -> AwsError:
    """ResourceNotFound."""
    return AwsError("ResourceNotFound", message, status=404)


def invalid_token(token: str) -> AwsError:
    """InvalidNextToken."""
    return AwsError("InvalidNextToken", f"NextToken {token!r} is not from this listing.")


def not_emulated(what: str) -> AwsError:
    """A parameter that localaws does not emulate."""
    return validation(f"localaws does not emulate {what}. Its README lists what it runs.")
