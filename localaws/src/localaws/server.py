"""The HTTP server of localaws: one process, threads, loopback only."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from localaws.core.body import Environ
from localaws.core.clock import Clock
from localaws.core.context import ACCOUNT_ID, ClientCache, Context
from localaws.core.gateway import Gateway
from localaws.core.logs import LogStore
from localaws.core.processes import ProcessTable
from localaws.core.shared import SharedObjects
from localaws.services import registry

HOST = "127.0.0.1"
_log = logging.getLogger(__name__)


class _RequestHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        target = self.headers.get("X-Amz-Target") or self.path
        self.log("info", "%s %s -> %s", self.command, target, code)

    def log(self, type: str, message: str, *args: Any) -> None:
        _log.log(logging.WARNING if type == "error" else logging.DEBUG, message, *args)


class Server:
    """localaws in this process.

    Args:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        state_dir: directory for scratch files. It is made if missing; ``work`` below it is emptied.
        clock: the clock of all services.
    """

    def __init__(self, port: int, state_dir: Path, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.state_dir = state_dir
        self._work_dir = state_dir / "work"
        shutil.rmtree(self._work_dir, ignore_errors=True)
        self._work_dir.mkdir(parents=True)
        self._gateway: Gateway | None = None
        self._gateway_lock = threading.Lock()
        self._http: BaseWSGIServer = make_server(
            HOST, port, self._application, threaded=True, request_handler=_RequestHandler
        )
        self.endpoint_url = f"http://{HOST}:{self._http.server_port}"
        self.processes = ProcessTable()
        self._shared_objects = SharedObjects()
        self._clients = ClientCache(self.endpoint_url)
        self._logs = LogStore(self.clock, lambda region: self._clients.client("logs", region, None))

    def serve_forever(self) -> None:
        """Answer requests until :meth:`shutdown`."""
        _isolate_environment(self._http.server_port)
        # moto takes a second to import. Requests that come meanwhile wait in the socket's backlog.
        self._load()
        _log.info("listening on %s", self.endpoint_url)
        threading.Thread(target=_preload, name="preload", daemon=True).start()
        self._http.serve_forever(poll_interval=0.1)

    def shutdown(self) -> None:
        """Stop answering; end every job, function and endpoint; remove the scratch files."""
        # The services first: their last log lines and events still come in over HTTP.
        if self._gateway is not None:
            from localaws import patches

            self._gateway.close()
            patches.close()
        self._logs.close()
        self._http.shutdown()
        self.processes.close()
        self._http.server_close()
        shutil.rmtree(self._work_dir, ignore_errors=True)

    def context(self, account_id: str, region: str, service_name: str) -> Context:
        """The context of a service in an account and region."""
        work_dir = self._work_dir / region / service_name
        work_dir.mkdir(parents=True, exist_ok=True)
        return Context(
            account_id=account_id,
            region=region,
            endpoint_url=self.endpoint_url,
            work_dir=work_dir,
            clock=self.clock,
            processes=self.processes,
            clients=self._clients,
            log_store=self._logs,
            shared_objects=self._shared_objects,
        )

    def _load(self) -> Gateway:
        with self._gateway_lock:
            if self._gateway is None:
                from localaws import patches

                moto = patches.moto_application(self.context)
                self._gateway = Gateway(moto, self.context)
            return self._gateway

    def _application(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/_localaws/"):
            return self._control(environ, start_response)
        return self._load()(environ, start_response)

    def _control(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        action = environ["PATH_INFO"].removeprefix("/_localaws/")
        if action == "health":
            answer: dict[str, Any] = {
                "status": "running",
                "pid": os.getpid(),
                "account_id": ACCOUNT_ID,
                "endpoint_url": self.endpoint_url,
                "uptime_seconds": round(self.clock.monotonic() / self.clock.scale, 1),
                "child_processes": len(self.processes.running()),
            }
            status = "200 OK"
        else:
            answer = {"message": f"/_localaws/{action} does not exist; there is: /_localaws/health"}
            status = "404 Not Found"
        payload = json.dumps(answer).encode()
        start_response(
            status, [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))]
        )
        return [payload]


def _preload() -> None:
    # Two seconds of imports that the first user of a service would wait for; a start does not.
    for service_name in sorted(registry.SERVICE_NAMES):
        registry.provider_class(service_name)
    for module in (
        "localaws.services.stepfunctions.interpreter",
        "localaws.services.stepfunctions.backend",
    ):
        import_module(module)


def _isolate_environment(port: int) -> None:
    # boto3 inside this process must never read the caller's profile and reach the real AWS.
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        # moto's Step Functions interpreter finds this server through moto's own variable.
        MOTO_PORT=str(port),
    )
