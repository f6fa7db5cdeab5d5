"""The metrics of APIs in the namespace AWS/ApiGateway.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

from __future__ import annotations

from typing import Final

from localaws.core.context import Context
from localaws.services.cloudwatch.store import MetricId, MetricStore
from localaws.services.execute_api.request import Answer, Request

NAMESPACE: Final = "AWS/ApiGateway"
_UNITS: Final = {
    "Latency": "Milliseconds",
    "IntegrationLatency": "Milliseconds",
    "DataProcessed": "Bytes",
}


def record(context: Context, request: Request, answer: Answer, milliseconds: float) -> None:
    """Record one request, in real time: by API, by stage and, with detailed metrics, by route."""
    values = {
        "Count": 1.0,
        "4xx": float(400 <= answer.status < 500),
        "5xx": float(answer.status >= 500),
        "Latency": milliseconds,
        "DataProcessed": float(len(request.body) + len(answer.body)),
    }
    if "integrationLatency" in request.log:
        values["IntegrationLatency"] = float(request.log["integrationLatency"])
    of_api = {"ApiId": request.api.id}
    of_stage = of_api | {"Stage": request.stage.name}
    kinds = [of_api, of_stage]
    if request.match is not None and _is_detailed(request):
        resource = request.route_key.partition(" ")[2] or request.route_key
        kinds.append(of_stage | {"Method": request.method, "Resource": resource})
    context.shared(MetricStore).add_all(
        (
            (MetricId.of(NAMESPACE, name, dimensions), value, _UNITS.get(name, "Count"))
            for dimensions in kinds
            for name, value in values.items()
        ),
        context.clock.now(),
    )


def _is_detailed(request: Request) -> bool:
    stage = request.stage.record
    own = stage["RouteSettings"].get(request.route_key, {})
    default = stage["DefaultRouteSettings"]["DetailedMetricsEnabled"]
    return bool(own.get("DetailedMetricsEnabled", default))
