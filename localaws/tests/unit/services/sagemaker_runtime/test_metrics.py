from types import SimpleNamespace

from localaws.core.clock import Clock
from localaws.services.cloudwatch.store import MetricId, MetricStore
from localaws.services.sagemaker_runtime.metrics import InvocationMetrics

DIMENSIONS = {"EndpointName": "e", "VariantName": "v"}


def test_each_request_counts_for_the_variant_and_for_its_config():
    clock, store = Clock(), MetricStore()
    metrics = InvocationMetrics(SimpleNamespace(clock=clock, shared=lambda _kind: store))
    for status, config in (
        (200, "blue"),
        (200, "green"),
        (503, "green"),
        (404, "green"),
        (0, "green"),
    ):
        metrics.record(
            "e", "v", config, instances=2, status=status, seconds=0.012, model_seconds=0.01
        )
    now = clock.now().timestamp()

    def values(name, **more):
        metric = MetricId.of("AWS/SageMaker", name, {**DIMENSIONS, **more})
        (found,) = store.read(metric, now - now % 60 - 60, now + 60, 180).values()
        return found

    assert values("Invocations").total == 5
    green = {"EndpointConfigName": "green"}
    assert values("Invocations", **green).total == 4
    errors = values("Invocation5XXErrors", **green)
    assert (errors.total, errors.count) == (2, 4), "the average is the rate of errors"
    assert values("Invocation4XXErrors").total == 1
    assert values("InvocationsPerInstance").total == 2.5
    assert abs(values("ModelLatency").percentile(99) - 10_000) < 1
    assert abs(values("OverheadLatency").maximum - 2_000) < 1
    assert store.unit_of(MetricId.of("AWS/SageMaker", "ModelLatency", DIMENSIONS)) == "Microseconds"
