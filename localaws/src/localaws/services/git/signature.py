"""The SigV4 signature in the password of git-remote-codecommit and of the AWS CLI's credential helper.

The user name is the access key id, followed by ``%`` and the session token for temporary credentials. The
password is a time and the signature of a request with the verb GIT. The region is in the signature only.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from localaws.core.sigv4 import sign

_PASSWORD = re.compile(r"(?P<time>\d{8}T\d{6})Z(?P<signature>[0-9a-f]{64})")
_FORMAT: Final = "%Y%m%dT%H%M%S"
_VALID: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class GitSignature:
    """A password that is a signature."""

    time: datetime
    signature: str

    @classmethod
    def read(cls, password: str) -> GitSignature | None:
        """The signature in a password, or None where it is another password."""
        found = _PASSWORD.fullmatch(password)
        if not found:
            return None
        try:
            moment = datetime.strptime(found["time"], _FORMAT).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(moment, found["signature"])

    def is_current(self, now: datetime) -> bool:
        """Whether the signature was made within the last 15 minutes, or up to 15 minutes ahead."""
        return abs(now - self.time) <= _VALID

    def is_made_with(self, secret_key: str, host: str, path: str, region: str) -> bool:
        """Whether the owner of a secret key has signed this path on this host for this region."""
        expected = _sign(secret_key, self.time.strftime(_FORMAT), host, path, region)
        return hmac.compare_digest(expected, self.signature)


def password(secret_key: str, now: datetime, host: str, path: str, region: str) -> str:
    """The password for a path on a host, as git-remote-codecommit makes it."""
    time = now.strftime(_FORMAT)
    return f"{time}Z{_sign(secret_key, time, host, path, region)}"


def user_name(access_key: str, session_token: str | None) -> str:
    """The user name that goes with :func:`password`."""
    return f"{access_key}%{session_token}" if session_token else access_key


def signed_url(url: str, user: str, secret: str) -> str:
    """A URL with a user name and a password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(secret, safe='')}@{rest}"


def _sign(secret_key: str, time: str, host: str, path: str, region: str) -> str:
    scope = f"{time[:8]}/{region}/codecommit/aws4_request"
    # The time has no Z here: git-remote-codecommit signs it so, and so does the AWS CLI.
    return sign(secret_key, time, scope, f"GIT\n{path}\n\nhost:{host}\n\nhost\n")
