"""Charts as inline SVG, drawn by hand: the prebuilt image can plot nothing, and a report is one file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 460, 340
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 48
INK, GRID, MARK, SECOND, OTHER = "#1e293b", "#e2e8f0", "#2563eb", "#dc2626", "#94a3b8"
POINTS_PER_PATH = 25

Values = npt.NDArray[np.float64]


class Axes:
    """A plot area with ticks; the methods add marks in data coordinates."""

    def __init__(
        self, x: tuple[float, float], y: tuple[float, float], x_label: str, y_label: str
    ) -> None:
        self._x, self._y = _widened(x), _widened(y)
        self._marks: list[str] = []
        self._labels = (x_label, y_label)

    def place(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self._x[0]) / (self._x[1] - self._x[0])
        up = (y - self._y[0]) / (self._y[1] - self._y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (
            HEIGHT - TOP - BOTTOM
        )

    def points(self, x: Values, y: Values, opacity: float = 0.35, size: int = 4) -> None:
        places = [self.place(a, b) for a, b in zip(x, y, strict=True)]
        # A path holds many points, because one element per point would slow the browser down. Several
        # paths, so that overlapping points add up and dense places are darker.
        for first in range(0, len(places), POINTS_PER_PATH):
            group = places[first : first + POINTS_PER_PATH]
            dots = "".join(f"M{across:.1f} {down:.1f}h0" for across, down in group)
            self._marks.append(
                f'<path d="{dots}" stroke="{MARK}" stroke-width="{size}" stroke-linecap="round" '
                f'opacity="{opacity}" fill="none"/>'
            )

    def line(
        self, points: Sequence[tuple[float, float]], color: str = SECOND, dash: str = ""
    ) -> None:
        path = " ".join("{:.1f},{:.1f}".format(*self.place(x, y)) for x, y in points)
        self._marks.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5" '
            f'stroke-dasharray="{dash}"/>'
        )

    def bar(self, left: float, right: float, height: float, opacity: float = 0.8) -> None:
        (x1, y1), (x2, y2) = self.place(left, height), self.place(right, 0)
        self._marks.append(
            f'<rect x="{x1:.1f}" y="{y1:.1f}" width="{max(x2 - x1 - 0.5, 0.5):.1f}" '
            f'height="{max(y2 - y1, 0):.1f}" fill="{MARK}" opacity="{opacity}"/>'
        )

    def svg(self, title: str) -> str:
        grid = []
        for value in _ticks(*self._x):
            x, bottom = self.place(value, self._y[0])
            grid.append(f'<path d="M{x:.1f} {TOP}V{bottom:.1f}" stroke="{GRID}"/>')
            grid.append(_text(x, bottom + 16, _tick_text(value), "middle"))
        for value in _ticks(*self._y):
            left, y = self.place(self._x[0], value)
            grid.append(f'<path d="M{left:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
            grid.append(_text(left - 6, y + 4, _tick_text(value), "end"))
        middle = (LEFT + WIDTH - RIGHT) / 2
        labels = [
            _text(middle, HEIGHT - 10, self._labels[0], "middle"),
            _rotated(14, (TOP + HEIGHT - BOTTOM) / 2, self._labels[1]),
        ]
        return _svg(title, "".join([*grid, *self._marks, *labels]))


def predicted_against_actual(actual: Values, predicted: Values, name: str) -> str:
    both = _padded(np.concatenate([actual, predicted]))
    axes = Axes(both, both, f"actual {name}", f"predicted {name}")
    axes.points(actual, predicted)
    axes.line([(both[0], both[0]), (both[1], both[1])])
    return axes.svg("Predicted against actual values, with the line of perfect predictions")


def residuals(predicted: Values, residual: Values, name: str) -> str:
    across = _padded(predicted)
    axes = Axes(
        across, _padded(np.append(residual, 0.0)), f"predicted {name}", "actual - predicted"
    )
    axes.points(predicted, residual)
    axes.line([(across[0], 0.0), (across[1], 0.0)])
    return axes.svg("Residuals over the predicted values")


def histogram(values: Values, label: str, bins: int = 40) -> str:
    limits = _widened((float(values.min()), float(values.max())))
    counts, edges = np.histogram(values, bins=bins, range=limits)
    axes = Axes((float(edges[0]), float(edges[-1])), (0.0, float(counts.max())), label, "rows")
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        axes.bar(float(left), float(right), float(count))
    return axes.svg(f"Distribution of {label}")


def calibration(confidence: Values, right: npt.NDArray[np.bool_], bins: int = 10) -> str:
    """How often the model is right against its probability; a calibrated model is on the diagonal."""
    axes = Axes((0.0, 1.0), (0.0, 1.0), "probability of the predicted label", "share that is right")
    position = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(position, minlength=bins)
    for bin_, count in enumerate(counts):
        # A point of few rows is uncertain: the bars show how many there are, up to a quarter of the height.
        axes.bar(bin_ / bins, (bin_ + 1) / bins, 0.25 * count / counts.max(), opacity=0.15)
    axes.line([(0.0, 0.0), (1.0, 1.0)], dash="4 3")
    means = [
        (float(confidence[position == bin_].mean()), float(right[position == bin_].mean()))
        for bin_ in range(bins)
        if counts[bin_]
    ]
    axes.line(means, color=MARK)
    across, up = np.array(means).T
    axes.points(across, up, opacity=1.0, size=7)
    return axes.svg("Calibration")


def steps(actual: Values, predicted: Values, name: str, bins: int = 10) -> str:
    """The mean actual value over the mean prediction, in groups of equal size."""
    order = np.argsort(predicted, kind="stable")
    groups = [group for group in np.array_split(order, bins) if len(group)]
    x = np.array([predicted[group].mean() for group in groups])
    y = np.array([actual[group].mean() for group in groups])
    both = _padded(np.concatenate([x, y]))
    axes = Axes(both, both, f"mean predicted {name}", f"mean actual {name}")
    axes.line([(both[0], both[0]), (both[1], both[1])], dash="4 3")
    axes.line(list(zip(x.tolist(), y.tolist(), strict=True)), color=MARK)
    axes.points(x, y, opacity=1.0, size=7)
    return axes.svg("Calibration")


def roc(false_rates: Sequence[float], true_rates: Sequence[float]) -> str:
    axes = Axes((0.0, 1.0), (0.0, 1.0), "false positive rate", "true positive rate")
    axes.line([(0.0, 0.0), (1.0, 1.0)], dash="4 3")
    axes.line(list(zip(false_rates, true_rates, strict=True)), color=MARK)
    return axes.svg("Receiver operating characteristic")


def bars(names: Sequence[str], values: Sequence[float], errors: Sequence[float], label: str) -> str:
    """Horizontal bars with one standard deviation as a line."""
    left, step = 150, 26
    height = TOP + step * len(names) + 34
    low = min(0.0, *(value - error for value, error in zip(values, errors, strict=True)))
    high = max(0.0, *(value + error for value, error in zip(values, errors, strict=True)))
    # Dividing by less would give infinity, and such bars would not be visible anyway.
    scale = (WIDTH - left - RIGHT) / (high - low if high - low > 1e-300 else 1.0)
    zero = left - low * scale
    parts = []
    for value in _ticks(low, high):
        x = zero + value * scale
        parts.append(f'<path d="M{x:.1f} {TOP}V{height - 34}" stroke="{GRID}"/>')
        parts.append(_text(x, height - 20, _tick_text(value), "middle"))
    for row, (name, value, error) in enumerate(zip(names, values, errors, strict=True)):
        y = TOP + row * step
        start, end = sorted((zero, zero + value * scale))
        middle = zero + value * scale
        parts.append(_text(left - 8, y + 15, _cut(name, 22), "end"))
        parts.append(
            f'<rect x="{start:.1f}" y="{y + 3}" width="{end - start:.1f}" height="{step - 8}" '
            f'fill="{MARK}" opacity="0.8"/><path d="M{middle - error * scale:.1f} {y + 12}'
            f'H{middle + error * scale:.1f}" stroke="{SECOND}"/>'
        )
    parts.append(_text((left + WIDTH) / 2, height - 4, label, "middle"))
    return _svg(label, "".join(parts), height)


def paired_bars(
    names: Sequence[str],
    values: Sequence[tuple[float, float]],
    legend: tuple[str, str],
    label: str,
    title: str,
) -> str:
    """Two horizontal bars for each name, and above them which is which."""
    left, top, step = 150, 26, 28
    bottom = top + step * len(names)
    high = max(max(pair) for pair in values) or 1.0
    scale = (WIDTH - left - RIGHT) / high
    parts = [
        f'<rect x="{left}" y="6" width="12" height="10" fill="{OTHER}"/>',
        _text(left + 17, 15, legend[0], "start"),
        f'<rect x="{left + 150}" y="6" width="12" height="10" fill="{MARK}"/>',
        _text(left + 167, 15, legend[1], "start"),
    ]
    for value in _ticks(0.0, high):
        x = left + value * scale
        parts.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="{GRID}"/>')
        parts.append(_text(x, bottom + 16, f"{value:.3g}", "middle"))
    for row, (name, pair) in enumerate(zip(names, values, strict=True)):
        y = top + row * step
        parts.append(_text(left - 8, y + 17, _cut(name, 22), "end"))
        for place, (value, color) in enumerate(zip(pair, (OTHER, MARK), strict=True)):
            parts.append(
                f'<rect x="{left}" y="{y + 4 + 10 * place}" width="{value * scale:.1f}" height="9" '
                f'fill="{color}"/>'
            )
    parts.append(_text((left + WIDTH) / 2, bottom + 34, label, "middle"))
    return _svg(title, "".join(parts), bottom + 40)


def confusion(matrix: npt.NDArray[np.int64], names: Sequence[str], target: str) -> str:
    cell = max(34, min(84, 330 // len(names)))
    size = cell * len(names)
    left, top = max(140.0, (WIDTH - size) / 2), 8
    parts = [
        _text(left + size / 2, top + size + 36, f"predicted {_cut(target, 40)}", "middle"),
        _rotated(left - 118, top + size / 2, f"actual {_cut(target, 40)}"),
    ]
    for row, name in enumerate(names):
        parts.append(_text(left - 8, top + cell * (row + 0.5) + 4, _cut(name, 14), "end"))
        below = _cut(name, cell // 7)
        parts.append(_text(left + cell * (row + 0.5), top + size + 16, below, "middle"))
        total = max(1, int(matrix[row].sum()))
        for column in range(len(names)):
            share = matrix[row, column] / total
            color = MARK if row == column else SECOND
            x, y = left + cell * column, top + cell * row
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell - 1}" height="{cell - 1}" fill="{color}" '
                f'fill-opacity="{0.06 + 0.84 * share:.2f}"/>'
            )
            ink = "#ffffff" if share > 0.8 else INK
            count = f"{matrix[row, column]:,}"
            parts.append(_text(x + cell / 2, y + cell / 2 + 4, count, "middle", "", ink))
    return _svg(
        "Confusion matrix: a row an actual label",
        "".join(parts),
        top + size + 44,
        max(WIDTH, left + size + RIGHT),
    )


def _svg(title: str, content: str, height: float = HEIGHT, width: float = WIDTH) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" xmlns="http://www.w3.org/2000/svg" '
        f'font-family="system-ui, sans-serif" font-size="12"><title>{escape(title)}</title>{content}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str, extra: str = "", color: str = INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" {extra}>'
        f"{escape(text)}</text>"
    )


def _padded(values: Values) -> tuple[float, float]:
    """Their range and a little more, so that no mark lies on the border."""
    low, high = float(values.min()), float(values.max())
    return low - 0.03 * (high - low), high + 0.03 * (high - low)


def _tick_text(value: float) -> str:
    return f"{value:,.10g}" if abs(value) < 1e7 else f"{value:.4g}"


def _rotated(x: float, y: float, text: str) -> str:
    """Read from below; its middle is at (x, y)."""
    return _text(-y, x, text, "middle", 'transform="rotate(-90)"')


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(1, most - 1)] + "…"


def _widened(limits: tuple[float, float]) -> tuple[float, float]:
    """A range of one value, or of values next to each other as floats, still needs a width."""
    low, high = limits
    around = max(abs(low), abs(high))
    if high - low > max(1e-9 * around, 1e-300):
        return limits
    half = around / 2 if around > 1e-300 else 0.5
    return low - half, high + half


def _ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Round numbers between low and high."""
    if not high > low:
        return [low]
    raw = (high - low) / wanted
    magnitude = 10.0 ** np.floor(np.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw)
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [float(number * step) for number in range(first, last + 1)]
