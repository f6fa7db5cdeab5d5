"""Which instance gets a request, and when an old fleet is stopped."""

import threading

import pytest

from localaws.core.clock import Clock
from localaws.services.sagemaker.endpoints.fleet import Fleet, NoInstanceError, UnknownVariantError
from localaws.services.sagemaker.endpoints.plan import FleetPlan
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes, UnknownEndpointError
from localaws.services.sagemaker.errors import WorkloadError


class FakeInstance:
    def __init__(self, variant, ready=True, error=None):
        self.variant, self.ready, self.outstanding, self.stopped = variant, ready, 0, False
        self.error = error

    def start(self, seconds):
        if self.error is not None:
            raise self.error

    def stop(self, *, at_once=False):
        self.stopped = True


class FakeContext:
    def __init__(self, work_dir):
        self.work_dir, self.clock = work_dir, Clock(100)


@pytest.fixture
def fleet(tmp_path):
    def make(*instances, weights=None):
        names = sorted({instance.variant for instance in instances})
        variants = [
            {"VariantName": name, "InitialVariantWeight": (weights or {}).get(name, 1.0)}
            for name in names
        ]
        fleet = Fleet(FakeContext(tmp_path), "endpoint", FleetPlan("config", variants, {}))
        fleet.instances = list(instances)
        return fleet

    return make


def test_the_least_busy_ready_instance_is_chosen(fleet):
    busy, idle, dead = FakeInstance("a"), FakeInstance("a"), FakeInstance("a", ready=False)
    busy.outstanding = 2
    with fleet(busy, idle, dead).lease(None, 0) as chosen:
        assert chosen.instance is idle
        assert idle.outstanding == 1
    assert idle.outstanding == 0


def test_a_weight_of_zero_gets_nothing_unless_targeted(fleet):
    shadow = fleet(FakeInstance("a"), FakeInstance("b"), weights={"a": 1.0, "b": 0.0})
    for _ in range(50):
        with shadow.lease(None, 0) as chosen:
            assert chosen.instance.variant == "a"
    with shadow.lease("b", 0) as chosen:
        assert chosen.instance.variant == "b"
    with pytest.raises(UnknownVariantError, match="c"), shadow.lease("c", 0):
        pass


def test_nothing_ready(fleet):
    with pytest.raises(NoInstanceError), fleet(FakeInstance("a", ready=False)).lease(None, 0):
        pass


def test_a_request_waits_for_an_instance_that_is_coming_back(fleet):
    instance = FakeInstance("a", ready=False)
    timer = threading.Timer(0.1, lambda: setattr(instance, "ready", True))
    timer.start()
    with fleet(instance).lease(None, 5) as chosen:
        assert chosen.instance is instance
    timer.join()


def test_the_old_fleet_is_drained_before_it_goes(fleet):
    routes = EndpointRoutes()
    old, new = fleet(FakeInstance("a")), fleet(FakeInstance("a"))
    routes.route("e", old)
    drained = threading.Event()

    def switch():
        routes.route("e", new)
        old.drain()
        drained.set()

    with routes.lease("e", None, 0) as first:
        assert first.instance is old.instances[0]
        thread = threading.Thread(target=switch)
        thread.start()
        assert not drained.wait(0.1)
        with routes.lease("e", None, 0) as second:
            assert second.instance in (old.instances[0], new.instances[0])
    thread.join(5)
    assert drained.is_set()
    with routes.lease("e", None, 0) as third:
        assert third.instance is new.instances[0]
    routes.remove("e")
    with pytest.raises(UnknownEndpointError), routes.lease("e", None, 0):
        pass


def test_split_traffic(fleet):
    routes = EndpointRoutes()
    old, new = fleet(FakeInstance("a")), fleet(FakeInstance("a"))
    routes.split("e", {new: 0.25, old: 0.75})
    chosen = []
    for _ in range(2000):
        with routes.lease("e", None, 0) as lease:
            chosen.append(lease.instance)
    assert 0.2 < chosen.count(new.instances[0]) / 2000 < 0.3
    routes.split("e", {new: 1.0, old: 0.0})
    for _ in range(50):
        with routes.lease("e", "a", 0) as lease:
            assert lease.instance is new.instances[0]


def test_an_instance_that_is_scaled_in_finishes_its_requests(fleet):
    scaled = fleet(FakeInstance("a"), FakeInstance("a"))
    first, second = scaled.instances
    second.outstanding = 1
    thread = threading.Thread(target=scaled.scale, args=({"a": 1},))
    thread.start()
    with scaled.lease(None, 0) as chosen:
        assert chosen.instance is first
        assert not second.stopped
    with scaled._changed:
        second.outstanding = 0
        scaled._changed.notify_all()
    thread.join(5)
    assert second.stopped
    assert not first.stopped
    assert scaled.instances == [first]


def test_an_instance_that_cannot_be_started_does_not_stay(fleet, monkeypatch):
    scaled = fleet(FakeInstance("a"))
    [first] = scaled.instances
    new = [FakeInstance("a"), FakeInstance("a", error=WorkloadError("no such program"))]
    monkeypatch.setattr(scaled, "_create", lambda variant, count: new)
    with pytest.raises(WorkloadError, match="no such program"):
        scaled.scale({"a": 3})
    assert scaled.instances == [first]
    assert [instance.stopped for instance in (first, *new)] == [False, True, True]
