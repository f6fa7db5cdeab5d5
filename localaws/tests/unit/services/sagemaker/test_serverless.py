"""When the process of a serverless variant runs, and how many requests it takes."""

import pytest

from localaws.core.clock import Clock
from localaws.services.sagemaker.endpoints.serverless import (
    ServerlessScaler,
    ServerlessSettings,
    TooManyRequestsError,
)
from waiting import eventually


@pytest.fixture
def scaler():
    made = []

    def make(scale, **settings):
        counts = []
        settings = ServerlessSettings(1024, 2, **settings)
        made.append(ServerlessScaler(Clock(scale), settings, counts.append))
        return made[-1], counts

    yield make
    for scaler in made:
        scaler.close()


def test_an_idle_process_stops_and_the_next_request_starts_it(scaler):
    own, counts = scaler(3000)
    own.start()
    eventually(lambda: counts == [1, 0])
    with own.request() as setup_seconds:
        assert setup_seconds > 0
        assert counts == [1, 0, 1]
    eventually(lambda: counts == [1, 0, 1, 0])


def test_a_process_with_requests_does_not_stop(scaler):
    own, counts = scaler(3000)
    own.start()
    with own.request() as setup_seconds:
        assert setup_seconds == 0
        eventually(lambda: own._clock.monotonic() > 900)
        assert counts == [1]


def test_provisioned_concurrency_stays_warm(scaler):
    own, counts = scaler(10_000, provisioned_concurrency=1)
    own.start()
    eventually(lambda: own._clock.monotonic() > 1200)
    assert counts == [1]


def test_more_requests_than_the_concurrency_are_refused(scaler):
    own, _ = scaler(1)
    own.start()
    with own.request(), own.request(), pytest.raises(TooManyRequestsError), own.request():
        pass
    with own.request():
        pass
