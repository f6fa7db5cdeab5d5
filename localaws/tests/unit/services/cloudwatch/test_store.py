from datetime import UTC, datetime, timedelta

from localaws.services.cloudwatch.store import MetricId, MetricStore

START = datetime(2026, 1, 1, tzinfo=UTC)
METRIC = MetricId.of("A", "m", {"b": "2", "a": "1"})


def read(store, start, seconds, period, unit=None):
    begin = start.timestamp()
    found = store.read(METRIC, begin, begin + seconds, period, unit)
    return {at - int(begin): values.total for at, values in found.items()}


def test_dimensions_have_no_order():
    assert MetricId.of("A", "m", {"a": "1", "b": "2"}) == METRIC


def test_values_are_added_up_by_period():
    store = MetricStore()
    for second in range(0, 300, 30):
        store.add(METRIC, START + timedelta(seconds=second), 1.0)
    assert read(store, START, 300, 60) == {0: 2, 60: 2, 120: 2, 180: 2, 240: 2}
    assert read(store, START, 300, 300) == {0: 10}


def test_periods_begin_where_the_range_begins():
    store = MetricStore()
    for minute in range(6):
        store.add(METRIC, START + timedelta(minutes=minute), 1.0)
    assert read(store, START + timedelta(minutes=1), 300, 300) == {0: 5}


def test_a_metric_of_a_minute_has_no_shorter_periods():
    store = MetricStore()
    store.add(METRIC, START, 1.0)
    store.add(METRIC, START + timedelta(seconds=70), 5.0, resolution=1)
    assert read(store, START, 120, 10) == {70: 5}
    assert read(store, START, 120, 60) == {0: 1, 60: 5}


def test_a_unit_selects_values():
    store = MetricStore()
    store.add(METRIC, START, 1.0, "Seconds")
    store.add(METRIC, START, 2.0, "Count")
    assert read(store, START, 60, 60) == {0: 3}
    assert read(store, START, 60, 60, "Count") == {0: 2}


def test_old_data_is_kept_in_longer_periods_and_at_last_deleted():
    store = MetricStore()
    for second in range(0, 300, 10):
        store.add(METRIC, START + timedelta(seconds=second), 1.0, resolution=1)
    store.add(METRIC, START + timedelta(hours=4), 1.0)
    assert read(store, START, 300, 10) == {}
    assert read(store, START, 300, 60)[0] == 6
    store.add(METRIC, START + timedelta(days=16), 1.0)
    assert read(store, START, 300, 60) == {}
    assert read(store, START, 300, 300) == {0: 30}
    store.add(METRIC, START + timedelta(days=64), 1.0)
    assert read(store, START, 3600, 3600) == {0: 30}
    store.add(METRIC, START + timedelta(days=456), 1.0)
    assert read(store, START, 3600, 3600) == {}


def test_metrics_by_their_last_value():
    store = MetricStore()
    store.add(METRIC, START, 1.0)
    assert store.metrics(START.timestamp()) == [METRIC]
    assert store.metrics(START.timestamp() + 1) == []
