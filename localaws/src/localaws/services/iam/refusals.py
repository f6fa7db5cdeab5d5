"""The errors of AWS about the caller and about what the caller may do, as each service writes them."""

from __future__ import annotations

from typing import Final

from localaws.core.call import Call
from localaws.core.errors import AwsError

_S3: Final = frozenset({"s3", "s3express"})
_FORM: Final = "application/x-www-form-urlencoded"
# Where the code of a denial is neither AccessDenied (query, S3) nor AccessDeniedException (JSON).
_DENIAL_CODES: Final = {"sns": "AuthorizationError"}


def _is_json(call: Call) -> bool:
    """Whether the service speaks JSON 1.0 or 1.1, whose errors have status 400."""
    return "x-amz-target" in call.headers or "smithy-protocol" in call.headers


def _is_query(call: Call) -> bool:
    content_type = call.headers.get("content-type", "")
    return content_type.startswith(_FORM) or {"Action", "Version"} <= call.query.keys()


def _status(call: Call) -> int:
    return 400 if _is_json(call) else 403


def _error(call: Call, query: str, json: str, s3: str, message: str) -> AwsError:
    if call.signing_name in _S3:
        return AwsError(s3, message, 403)
    return AwsError(query if _is_query(call) else json, message, _status(call))


def unknown_key(call: Call) -> AwsError:
    """An access key that nobody has."""
    if call.signing_name in _S3:
        return AwsError(
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            403,
        )
    return _error(
        call,
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "",
        "The security token included in the request is invalid.",
    )


def wrong_token(call: Call) -> AwsError:
    """A session token that is not that of the access key."""
    return _error(
        call,
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidToken",
        "The security token included in the request is invalid.",
    )


def wrong_signature(call: Call) -> AwsError:
    """A signature that was made with another secret key, or of another request."""
    return _error(
        call,
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details.",
    )


def expired_signature(call: Call, *, is_url: bool) -> AwsError:
    """A signature that was made too long ago."""
    if call.signing_name in _S3 or (is_url and not call.signing_name):
        if is_url:
            return AwsError("AccessDenied", "Request has expired", 403)
        return AwsError(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
        )
    message = "Signature expired: it is valid for 15 minutes."
    return _error(call, "SignatureDoesNotMatch", "InvalidSignatureException", "", message)


def incomplete_signature(call: Call, message: str) -> AwsError:
    """A signature that cannot be read."""
    code = "IncompleteSignature" if _is_query(call) else "IncompleteSignatureException"
    return AwsError(
        "AuthorizationHeaderMalformed" if call.signing_name in _S3 else code, message, 400
    )


def missing_token(call: Call) -> AwsError:
    """A request without a signature, to a service that knows no anonymous callers."""
    return _error(
        call,
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "AccessDenied",
        "Missing Authentication Token",
    )


def access_denied(call: Call, message: str) -> AwsError:
    """A request that the policies do not allow."""
    code = _DENIAL_CODES.get(call.signing_name, "AccessDenied")
    if call.headers.get("x-amzn-query-mode") == "true":
        # Services that once spoke the protocol query keep its codes.
        return AwsError(code, message, _status(call), shape="AccessDeniedException")
    return _error(call, code, "AccessDeniedException", "AccessDenied", message)
