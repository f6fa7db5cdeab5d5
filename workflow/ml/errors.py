"""The errors a person is meant to read: they become the job's failure reason, without a traceback."""

from __future__ import annotations


class JobError(Exception):
    """Something a person can put right; the message says what was found, what is allowed and what to do."""

    def details(self) -> str:
        """The long form for the job's log."""
        return str(self)


class InvalidRequestError(JobError, ValueError):
    """A request for predictions that cannot be answered; ``status_code`` is its HTTP status."""

    status_code = 400


class UnsupportedContentTypeError(InvalidRequestError):
    status_code = 415


class NotAcceptableError(InvalidRequestError):
    status_code = 406
