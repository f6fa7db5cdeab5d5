"""The labels that allow a finding of policy/, from the trailers of commit messages.

A trailer is part of the commit that is reviewed and deployed, and counts for that commit only:

    Remove the second source bucket

    Allow-Destroy: module.storage.aws_s3_bucket.this["second"]

is the label allow-destroy:module.storage.aws_s3_bucket.this["second"].
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS = ("allow-credentials", "allow-destroy", "allow-public", "allow-unencrypted", "allow-untagged",
         "allow-wildcard")  # fmt: skip
_TRAILER = re.compile(r"([A-Za-z-]+): *(\S.*)")


def labels_in(message: str) -> list[str]:
    """The labels in the trailers of a commit message: lines of its last paragraph, as Git reads them."""
    paragraphs = re.split(r"\n\s*\n", message.strip())
    # A message of one paragraph is a subject, whatever it looks like.
    lines = paragraphs[-1].splitlines() if len(paragraphs) > 1 else []
    found = [match for line in lines if (match := _TRAILER.fullmatch(line.strip()))]
    return [
        f"{match[1].lower()}:{match[2].strip()}" for match in found if match[1].lower() in WORDS
    ]


def labels_of(messages: Iterable[str]) -> list[str]:
    """The labels of several commits, such as a merge commit and what it merges; each once."""
    return list(dict.fromkeys(label for message in messages for label in labels_in(message)))
