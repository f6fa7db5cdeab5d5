"""The output of a container: to CloudWatch Logs and to the metrics of a training job."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Sequence
from typing import Any

from localaws.core.context import Context

_TAIL = 40


def instance_id() -> str:
    """An instance id in the format that AWS uses in the names of log streams."""
    return f"i-{secrets.token_hex(8)}0"


class JobLog:
    """The log stream of one container."""

    def __init__(
        self,
        context: Context,
        group: str,
        stream: str,
        metric_definitions: Sequence[dict[str, str]] = (),
    ) -> None:
        self.group, self.stream = group, stream
        self._context = context
        self._writer = context.log_writer(group, stream)
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._metrics = [(m["Name"], re.compile(m["Regex"])) for m in metric_definitions]
        self._values: dict[str, dict[str, Any]] = {}

    def line(self, text: str) -> None:
        """Take one line."""
        self._writer.write(text)
        self._tail.append(text)
        for name, pattern in self._metrics:
            self._match(name, pattern, text)

    def _match(self, name: str, pattern: re.Pattern[str], text: str) -> None:
        for match in pattern.finditer(text):
            try:
                value = float(match.group(1) if pattern.groups else match.group())
            except (TypeError, ValueError):
                continue
            now = self._context.clock.now()
            self._values[name] = {"MetricName": name, "Value": value, "Timestamp": now}

    @property
    def tail(self) -> list[str]:
        """The last lines."""
        return list(self._tail)

    @property
    def final_metrics(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the last value of each metric."""
        return [self._values[name] for name, _ in self._metrics if name in self._values]

    def close(self) -> None:
        """Send the remaining lines."""
        self._writer.close()
