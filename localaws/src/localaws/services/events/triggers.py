"""Which rule started a pipeline.

CodePipeline shows it as the execution's trigger. The API has no parameter for it: AWS knows the caller.
Here the caller's request token, which also makes a repeated delivery harmless, leads back to the rule.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

_KEPT = 1_000
_lock = threading.Lock()
_rules: OrderedDict[str, str] = OrderedDict()


def request_token(event_id: str, rule_arn: str, target_id: str) -> str:
    """The request token of one delivery; the same for its repetitions."""
    digest = hashlib.sha256(f"{rule_arn} {target_id}".encode()).hexdigest()
    token = f"{event_id}-{digest[:16]}"
    with _lock:
        _rules[token] = rule_arn
        while len(_rules) > _KEPT:
            _rules.popitem(last=False)
    return token


def rule_of(token: str | None) -> str | None:
    """ARN of the rule that made a request; None when no rule did."""
    with _lock:
        return _rules.get(token or "")
