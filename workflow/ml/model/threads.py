"""How many threads numerical libraries may use.

Waking threads costs more than it brings on little data: boosting 400 trees on 14,000 rows takes 0.6 s
with one thread, and between 0.6 and 6 s with two on a machine of two cores with anything else to do.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import threadpool_limits

CELLS_PER_THREAD = 1_000_000


def threads_for(cells: int) -> int:
    """One thread per million cells, but not more than this process has cores."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, cells // CELLS_PER_THREAD))


def limited_threads(cells: int) -> AbstractContextManager[Any]:
    return threadpool_limits(limits=threads_for(cells))
