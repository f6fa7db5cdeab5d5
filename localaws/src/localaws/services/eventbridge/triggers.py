"""Which rule started a pipeline, for CodePipeline's execution history.

StartPipelineExecution has no parameter for it: AWS knows its caller. Here the request token identifies the
rule. It also makes a repeated delivery harmless.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

_MAX_TOKENS = 1_000


def request_token(event_id: str, rule_arn: str, target_id: str) -> str:
    """The request token of a delivery; the same when the delivery is repeated."""
    digest = hashlib.sha256(f"{rule_arn} {target_id}".encode()).hexdigest()
    return f"{event_id}-{digest[:16]}"


class TriggeringRules:
    """The rules behind the latest request tokens of an account and region.

    EventBridge records them and CodePipeline reads them; both get the object from their context.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: OrderedDict[str, str] = OrderedDict()

    def record(self, token: str, rule_arn: str) -> None:
        """Remember the rule that makes the request with a token."""
        with self._lock:
            self._rules[token] = rule_arn
            while len(self._rules) > _MAX_TOKENS:
                self._rules.popitem(last=False)

    def rule_of(self, token: str | None) -> str | None:
        """The ARN of the rule that made the request with a token; None when no rule did."""
        with self._lock:
            return self._rules.get(token or "")
