"""The backend of CloudWatch Logs: moto keeps groups, streams and filters; metric filters publish here."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime
from typing import Any, ClassVar

from moto.logs import urls as moto_urls
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from localaws.services.backend import LocalBackend
from localaws.services.cloudwatch.store import MetricId, MetricStore
from localaws.services.logs.patterns import Match, Pattern, PatternError, parse_pattern

_log = logging.getLogger(__name__)


class LocalLogsBackend(LocalBackend, LogsBackend):  # type: ignore[misc]  # moto has no types
    """moto keeps metric filters and publishes nothing."""

    service_name: ClassVar[str] = "logs"

    @property
    def url_paths(self) -> dict[str, Any]:
        """moto's paths, which it would look for beside this module."""
        return {path.format(""): LogsResponse.dispatch for path in moto_urls.url_paths}

    def close(self) -> None:
        """Nothing runs here."""

    def put_metric_filter(
        self,
        filter_name: str,
        filter_pattern: str,
        log_group_name: str,
        metric_transformations: Any,
    ) -> None:
        """As moto, which adds a second filter of the same name and takes any pattern."""
        if log_group_name not in self.groups:
            raise ResourceNotFoundException("The specified log group does not exist.")
        try:
            parse_pattern(filter_pattern)
        except PatternError as error:
            raise InvalidParameterException(f"Invalid metric filter pattern: {error}") from error
        self.filters.delete_filter(filter_name, log_group_name)
        self.filters.add_filter(filter_name, filter_pattern, log_group_name, metric_transformations)
        self.filters.metric_filters[-1]["creationTime"] = int(
            self.context.clock.now().timestamp() * 1000
        )

    def put_log_events(
        self, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
    ) -> Any:
        """As moto, and each metric filter of the group publishes."""
        answer = super().put_log_events(log_group_name, log_stream_name, log_events)
        for found in self.filters.get_matching_filters(log_group_name=log_group_name):
            try:
                self._publish(found, log_events)
            except Exception:
                _log.exception("metric filter %s of %s failed", found["filterName"], log_group_name)
        return answer

    def _publish(self, metric_filter: dict[str, Any], log_events: list[dict[str, Any]]) -> None:
        pattern: Pattern = parse_pattern(metric_filter["filterPattern"] or "")
        matches = [
            (match, event["timestamp"])
            for event in log_events
            if (match := pattern.match(event["message"])) is not None
        ]
        store = self.context.shared(MetricStore)
        for transformation in metric_filter["metricTransformations"]:
            unit = transformation.get("unit") or "None"
            for match, milliseconds in matches:
                value = _value(match, str(transformation["metricValue"]))
                dimensions = _dimensions(match, transformation.get("dimensions") or {})
                if value is not None and dimensions is not None:
                    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
                    store.add(_metric(transformation, dimensions), at, value, unit)
            default = transformation.get("defaultValue")
            if default is not None and not matches and log_events:
                now = self.context.clock.now()
                store.add(_metric(transformation, {}), now, float(default), unit)


def _metric(transformation: dict[str, Any], dimensions: dict[str, str]) -> MetricId:
    return MetricId.of(transformation["metricNamespace"], transformation["metricName"], dimensions)


def _value(match: Match, text: str) -> float | None:
    found = match.value(text) if text.startswith("$") else text
    try:
        value = float(found)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _dimensions(match: Match, wanted: dict[str, str]) -> dict[str, str] | None:
    """The dimensions of an event; None when it lacks one, because AWS then publishes nothing."""
    found = {name: match.value(reference) for name, reference in wanted.items()}
    if any(value is None for value in found.values()):
        return None
    return {name: str(value) for name, value in found.items()}
