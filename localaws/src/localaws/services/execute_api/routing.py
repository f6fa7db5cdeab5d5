"""Which route a request takes.

The order is that of AWS: a full match of the path, then the longest greedy variable (``{proxy+}``), then
``$default``. Among routes for the same path the method wins over ANY.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.services.execute_api.request import Match

Route = Mapping[str, Any]


def select(routes: Iterable[Route], method: str, path: str) -> Match | None:
    """The route of a request, or None.

    Args:
        routes: those of the deployment.
        method: of the request.
        path: of the request, decoded, without the stage.
    """
    segments = _segments(path)
    best: tuple[tuple[Any, ...], Match] | None = None
    default: Match | None = None
    for route in routes:
        key = str(route["RouteKey"])
        if key == "$default":
            default = Match(route, {})
            continue
        wanted, _, template = key.partition(" ")
        if wanted not in {method, "ANY"}:
            continue
        found = _match(_segments(template), segments)
        if found is None:
            continue
        rank, variables = found
        rank = (*rank, wanted != "ANY")
        if best is None or rank > best[0]:
            best = (rank, Match(route, variables))
    return best[1] if best else default


def _match(
    template: list[str], segments: list[str]
) -> tuple[tuple[Any, ...], dict[str, str]] | None:
    """The rank of a template for a path, higher for a better match, and its variables; None: no match."""
    greedy = bool(template) and template[-1].endswith("+}")
    fixed = template[:-1] if greedy else template
    # A greedy variable stands for one segment or more.
    if len(segments) < len(template) or (not greedy and len(segments) > len(template)):
        return None
    variables: dict[str, str] = {}
    literal: list[bool] = []
    for wanted, given in zip(fixed, segments, strict=False):
        is_variable = wanted.startswith("{") and wanted.endswith("}")
        if is_variable:
            if not given:
                return None
            variables[wanted[1:-1]] = given
        elif wanted != given:
            return None
        literal.append(not is_variable)
    if greedy:
        variables[template[-1][1:-2]] = "/".join(segments[len(fixed) :])
    return (not greedy, len(fixed), tuple(literal)), variables


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []
