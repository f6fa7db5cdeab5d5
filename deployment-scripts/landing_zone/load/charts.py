"""Charts of a load test as SVG, without a library: the page is one file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from landing_zone.load.results import Bin, Interval

_WIDTH, _HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 16, 34, 44
_BLUE, _AMBER, _RED = "#2f6fde", "#c77700", "#d32f2f"
_SERIES = (_BLUE, _AMBER, "#2e7d32", _RED, "#7b1fa2")
_TICKS = 6

Scale = Callable[[float], float]


def latency_over_time(intervals: Sequence[Interval]) -> str:
    """p50, p99 and the maximum, by the time at which requests were due."""
    found = [interval for interval in intervals if interval.latency_ms]
    values = [interval.latency_ms[name] for interval in found for name in ("p50", "max")]
    low, high = _decades(values)
    x, y = _time_scale(intervals), _logarithmic(low, high)
    series = (("p50", _BLUE), ("p99", _AMBER), ("max", _RED))
    parts = [_grid_y(_powers(low, high), y), _time_axis(intervals, x)]
    for name, color in series:
        points = [(x(_middle(item)), y(item.latency_ms[name])) for item in found]
        parts.append(_line(points, color))
    return _svg("Latency over time, in ms", series, parts)


def lines_over_time(title: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """A line for each name, of values by seconds since the first one; the values are linear."""
    points = [point for found in series.values() for point in found]
    end = max((seconds for seconds, _ in points), default=0.0) or 1.0
    most = max((value for _, value in points), default=0.0) or 1.0
    y = _linear(most)

    def x(seconds: float) -> float:
        return _LEFT + seconds / end * (_WIDTH - _LEFT - _RIGHT)

    colors = {name: _SERIES[index % len(_SERIES)] for index, name in enumerate(series)}
    parts = [_grid_y(_round_values(most), y)]
    parts += [_label_x(x(value), _number(value)) for value in _round_values(end)]
    parts.append(_axis_title("seconds"))
    for name, found in series.items():
        parts.append(_line([(x(seconds), y(value)) for seconds, value in found], colors[name]))
        parts += [_dot(x(seconds), y(value), colors[name]) for seconds, value in found]
    return _svg(title, tuple(colors.items()), parts)


def histogram(bins: Sequence[Bin]) -> str:
    """How many requests had which latency."""
    low, high = (bins[0].low_ms, bins[-1].high_ms) if bins else (1.0, 10.0)
    most = max((item.count for item in bins), default=1)
    x, y = _logarithmic(low, high, across=True), _linear(most)
    parts = [_grid_y(_round_values(most), y)]
    parts += [_bar(x(item.low_ms), x(item.high_ms), y(item.count), y(0), _BLUE) for item in bins]
    parts += [_label_x(x(value), _number(value)) for value in _marks(low, high)]
    parts.append(_axis_title("latency in ms"))
    return _svg("Requests by latency", (), parts)


def requests_over_time(intervals: Sequence[Interval]) -> str:
    """Successful, failed and unsent requests a second, stacked."""
    series = (("successful", _BLUE), ("failed", _RED), ("not sent", _AMBER))
    rates = [
        [count / max(item.seconds, 1e-9) for count in (item.successful, item.failed, item.unsent)]
        for item in intervals
    ]
    most = max((sum(rate) for rate in rates), default=0.0) or 1.0
    x, y = _time_scale(intervals), _linear(most)
    parts = [_grid_y(_round_values(most), y), _time_axis(intervals, x)]
    for item, rate in zip(intervals, rates, strict=True):
        below = 0.0
        for value, (_, color) in zip(rate, series, strict=True):
            if value:
                left, right = x(item.start), x(item.start + item.seconds)
                parts.append(_bar(left, right, y(below + value), y(below), color))
            below += value
    return _svg("Requests a second, by the time at which they were due", series, parts)


def _middle(interval: Interval) -> float:
    return interval.start + interval.seconds / 2


def _time_scale(intervals: Sequence[Interval]) -> Scale:
    end = intervals[-1].start + intervals[-1].seconds
    return lambda value: _LEFT + value / end * (_WIDTH - _LEFT - _RIGHT)


def _linear(most: float) -> Scale:
    return lambda value: _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)


def _logarithmic(low: float, high: float, *, across: bool = False) -> Scale:
    span = math.log(high / low)

    def place(value: float) -> float:
        part = math.log(max(value, low) / low) / span
        if across:
            return _LEFT + part * (_WIDTH - _LEFT - _RIGHT)
        return _HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM)

    return place


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """The powers of ten around the values."""
    positive = [max(value, 0.001) for value in values] or [1.0]
    low = math.floor(math.log10(min(positive)))
    return 10.0**low, 10.0 ** max(low + 1, math.ceil(math.log10(max(positive))))


def _powers(low: float, high: float) -> list[float]:
    first, last = round(math.log10(low)), round(math.log10(high))
    return [10.0**power for power in range(first, last + 1)]


def _marks(low: float, high: float) -> list[float]:
    """1, 2 and 5 in each decade, or only 1 where they would be too close; only within the range."""
    factors = (1, 2, 5) if high / low < 10**3 else (1,)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    values = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
    # A range can be so small that it has no round number.
    return [value for value in values if low <= value <= high * 1.0001] or [low, high]


def _round_values(most: float) -> list[float]:
    """0 and a few round numbers up to the greatest value."""
    raw = most / _TICKS
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= raw * 0.9999)
    return [index * step for index in range(math.floor(most / step + 1e-9) + 1)]


def _time_axis(intervals: Sequence[Interval], x: Scale) -> str:
    end = intervals[-1].start + intervals[-1].seconds
    labels = "".join(_label_x(x(value), _number(value)) for value in _round_values(end))
    return labels + _axis_title("seconds")


def _grid_y(values: Iterable[float], y: Scale) -> str:
    return "".join(
        f'<path d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}" class="grid"/>'
        f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{_number(value)}</text>'
        for value in values
    )


def _label_x(x: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{text}</text>'


def _axis_title(text: str) -> str:
    return (
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f"{escape(text)}</text>"
    )


def _line(points: Sequence[tuple[float, float]], color: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.6"/>'


def _dot(x: float, y: float, color: str) -> str:
    """A line of one point would not be seen."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{color}"/>'


def _bar(left: float, right: float, top: float, bottom: float, color: str) -> str:
    width = max(right - left - 0.5, 0.5)
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{max(bottom - top, 0):.1f}" fill="{color}"/>'
    )


def _number(value: float) -> str:
    return f"{value:,.6g}"


def _svg(title: str, series: Sequence[tuple[str, str]], parts: Sequence[str]) -> str:
    legend = "".join(
        f'<rect x="{_LEFT + 100 * index}" y="10" width="12" height="12" fill="{color}"/>'
        f'<text x="{_LEFT + 18 + 100 * index}" y="20">{escape(name)}</text>'
        for index, (name, color) in enumerate(series)
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{legend}{''.join(parts)}</svg>"
    )
