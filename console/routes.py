"""Every path of the API."""

from __future__ import annotations

from console.context import Context
from console.files import Files
from console.gate import check_data
from console.pages.approvals import ApprovalsPage
from console.pages.costs import CostPage
from console.pages.drift import DriftPage
from console.pages.endpoints import EndpointsPage
from console.pages.models import ModelsPage
from console.pages.predictions import PredictPage
from console.pages.runs import Runs, RunsPage
from console.pages.session import SessionPage
from console.pages.starting import Check, StartPage
from console.web.router import Route, Router


def make_router(context: Context, files: Files, check: Check = check_data) -> Router:
    """GET reads; POST changes something, or sends what is to be judged."""
    runs = Runs(context)
    session, list_of_runs = SessionPage(context), RunsPage(context, runs)
    approvals, start = ApprovalsPage(context, runs), StartPage(context, files, check)
    models, endpoints = ModelsPage(context), EndpointsPage(context)
    predictions, drift = PredictPage(context, files), DriftPage(context)
    endpoint = "/api/endpoints/{use_case}/{target}"
    return Router(
        [
            Route("GET", "/api/session", session.read),
            Route("GET", "/api/tasks/{identity}", session.task),
            Route("GET", "/api/runs", list_of_runs.overview),
            Route("GET", "/api/facts", list_of_runs.facts),
            Route("POST", "/api/runs", start.start),
            Route("GET", "/api/runs/{run_id}", list_of_runs.read),
            Route("POST", "/api/runs/{run_id}/retry", list_of_runs.retry),
            Route("POST", "/api/runs/{run_id}/stop", list_of_runs.stop),
            Route("POST", "/api/runs/{run_id}/data", start.upload),
            Route("GET", "/api/runs/{run_id}/approval", approvals.read),
            Route("POST", "/api/runs/{run_id}/approval", approvals.answer),
            Route("GET", "/api/runs/{run_id}/report", approvals.report),
            Route("GET", "/api/compare/{first}/{second}", list_of_runs.compare),
            Route("GET", "/api/logs/{name}", list_of_runs.log),
            Route("POST", "/api/check", start.check),
            Route("POST", "/api/files", start.keep),
            Route("GET", "/api/models", models.overview),
            Route("GET", "/api/models/{use_case}", models.versions),
            Route("GET", "/api/models/{use_case}/rollback", models.rollback_plan),
            Route("POST", "/api/models/{use_case}/rollback", models.rollback),
            Route("GET", "/api/models/{use_case}/versions/{number}", models.version),
            Route("POST", "/api/models/{use_case}/versions/{number}", models.decide),
            Route("GET", "/api/timeline/{use_case}", models.timeline),
            Route("GET", "/api/endpoints", endpoints.overview),
            Route("GET", endpoint, endpoints.read),
            Route("GET", f"{endpoint}/metrics", endpoints.metrics),
            Route("POST", f"{endpoint}/traffic", endpoints.traffic),
            Route("POST", f"{endpoint}/abort", endpoints.abort),
            Route("GET", "/api/predict/{use_case}", predictions.form),
            Route("POST", "/api/predict/{use_case}", predictions.predict),
            Route("GET", "/api/drift/{use_case}/{target}", drift.read),
            Route("POST", "/api/drift/{use_case}/{target}", drift.compare),
            Route("GET", "/api/cost", CostPage(context, runs).read),
        ]
    )
