"""Copies requests to the shadow variant of an endpoint, after their caller has its answer.

Developer guide, shadow-tests.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from localaws.core.errors import AwsError
from localaws.services.sagemaker.endpoints.fleet import Fleet, Lease, NoInstanceError
from localaws.services.sagemaker_runtime.invocation import Invocation

_log = logging.getLogger(__name__)
_THREADS: Final = 8
# Copies that wait. Further ones are left out, so that a slow shadow variant costs a bounded amount of memory.
_MAX_WAITING: Final = 500


class Mirror:
    """Sends the copies.

    Args:
        send: sends a request to a leased instance, and records it.
    """

    def __init__(self, send: Callable[[Lease, Invocation], object]) -> None:
        self._send = send
        self._places = threading.BoundedSemaphore(_MAX_WAITING)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="shadow")

    def copy(self, fleet: Fleet, variant: str, invocation: Invocation) -> None:
        """Copy a request that a production variant has answered to the shadow variant of its fleet.

        The weight of the shadow variant in proportion to that of the production variant is the part of the
        requests that is copied.
        """
        for name, shadow in fleet.shadows.items():
            weight = fleet.weights[variant]
            share = shadow["InitialVariantWeight"] / weight if weight else 1.0
            if random.random() >= share or not self._places.acquire(blocking=False):  # noqa: S311
                continue
            # The fleet is not stopped before its copies have ended.
            fleet.hold()
            self._pool.submit(self._run, fleet, name, invocation)

    def close(self) -> None:
        """Forget the copies that wait."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, fleet: Fleet, variant: str, invocation: Invocation) -> None:
        try:
            with fleet.lease(variant, 0) as lease:
                self._send(lease, invocation)
        except (AwsError, NoInstanceError):
            # The metrics of the shadow variant count it. The caller of the request never hears of it.
            pass
        except Exception:
            _log.exception("a request was not copied to the shadow variant %s", variant)
        finally:
            fleet.release()
            self._places.release()
