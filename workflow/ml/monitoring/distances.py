"""How far two samples are apart, from their counts in the same bins, and how likely chance explains it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

Counts = npt.NDArray[np.float64]

# Fewer expected rows in a cell of a contingency table make chi-square unreliable (Cochran's rule).
EXPECTED_ROWS = 5


def population_stability_index(reference: Sequence[int], current: Sequence[int]) -> float:
    """PSI. Half a row is added to each bin, because a logarithm of 0 would be infinite."""
    first, second = _smoothed_shares(reference), _smoothed_shares(current)
    return float(np.sum((second - first) * np.log(second / first)))


def stability_index_by_chance(reference: Sequence[int], current: Sequence[int]) -> float:
    """The PSI to expect of two samples of the same source: it falls with the rows and rises with the bins.

    B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index", 2020: PSI is
    distributed as (1/n + 1/m) times chi-square with bins - 1 degrees of freedom.
    """
    n, m = sum(reference), sum(current)
    used = int(((np.asarray(reference) + np.asarray(current)) > 0).sum())
    return max(0, used - 1) * (1 / n + 1 / m)


def jensen_shannon_distance(reference: Sequence[int], current: Sequence[int]) -> float:
    """From 0 (equal shares) to 1 (no bin in common): scipy's jensenshannon with base 2."""
    first, second = _shares(reference), _shares(current)
    middle = (first + second) / 2
    divergence = (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2
    return float(np.sqrt(max(0.0, divergence)))


def kolmogorov_smirnov(reference: Sequence[int], current: Sequence[int]) -> tuple[float, float]:
    """The largest difference of the distribution functions at the borders of the bins, and its p-value.

    At the borders only, so it is at most the statistic of the values themselves: the p-value is never too
    small. It is the asymptotic one of scipy's ks_2samp.
    """
    n, m = sum(reference), sum(current)
    difference = np.cumsum(_shares(reference)) - np.cumsum(_shares(current))
    statistic = float(np.max(np.abs(difference)))
    rows = max(1, round(n * m / (n + m)))
    return statistic, float(np.clip(stats.kstwo.sf(statistic, rows), 0.0, 1.0))


def chi_square(reference: Sequence[int], current: Sequence[int]) -> tuple[float, float]:
    """Pearson's statistic for equal shares in two samples, and its p-value.

    Cells that expect few rows are counted together, the rarest first.
    """
    table = np.array([reference, current], dtype=np.float64)
    table = _merged(table[:, table.sum(axis=0) > 0])
    if table.shape[1] < 2:
        return 0.0, 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(np.sum((table - expected) ** 2 / expected))
    return statistic, float(stats.chi2.sf(statistic, table.shape[1] - 1))


def equal_shares(first: int, of_first: int, second: int, of_second: int) -> float:
    """Fisher's exact p-value for an equal share of rows in two samples."""
    table = [[first, of_first - first], [second, of_second - second]]
    if first + second == 0 or first + second == of_first + of_second:
        return 1.0
    return float(stats.fisher_exact(table)[1])


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg: below q means that a share of q of such findings is chance, in expectation."""
    count = len(p_values)
    if not count:
        return []
    order = np.argsort(p_values)
    scaled = np.array(p_values, dtype=np.float64)[order] * count / np.arange(1, count + 1)
    smallest = np.minimum.accumulate(scaled[::-1])[::-1]
    result = np.empty(count)
    result[order] = np.minimum(smallest, 1.0)
    return [float(value) for value in result]


def group_starts(counts: Sequence[int], parts: int) -> list[int]:
    """Where to cut the bins so that each of at most `parts` groups has about as many rows of `counts`.

    Returns the first bin of each group. PSI needs few bins; the borders belong to the training.
    """
    total = sum(counts)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    group = np.minimum((before + np.asarray(counts) / 2) * parts // max(total, 1), parts - 1)
    starts = [0]
    starts += [place for place in range(1, len(counts)) if group[place] != group[place - 1]]
    return starts


def grouped(counts: Sequence[int], starts: Sequence[int]) -> list[int]:
    return [int(total) for total in np.add.reduceat(np.asarray(counts, dtype=np.int64), starts)]


def _shares(counts: Sequence[int]) -> Counts:
    values = np.asarray(counts, dtype=np.float64)
    return values / values.sum()


def _smoothed_shares(counts: Sequence[int]) -> Counts:
    values = np.asarray(counts, dtype=np.float64) + 0.5
    return values / values.sum()


def _relative_entropy(shares: Counts, middle: Counts) -> float:
    used = shares > 0
    return float(np.sum(shares[used] * np.log2(shares[used] / middle[used])))


def _merged(table: Counts) -> Counts:
    smaller = table.sum(axis=1).min() / table.sum()
    columns = table[:, np.argsort(table.sum(axis=0), kind="stable")]
    rare = 0
    while rare < columns.shape[1] and columns[:, rare].sum() * smaller < EXPECTED_ROWS:
        rare += 1
    if not rare:
        return columns
    together = columns[:, :rare].sum(axis=1, keepdims=True)
    rest = columns[:, rare:]
    if rest.shape[1] and together.sum() * smaller < EXPECTED_ROWS:
        rest[:, :1] += together
        return rest
    return np.hstack([together, rest])
