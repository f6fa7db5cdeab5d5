"""The HTTP server of localaws: one process, one thread for each connection, on 127.0.0.1 only."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
import uuid
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from localaws.core import peer, tls
from localaws.core.access import AccessPolicy, is_preflight
from localaws.core.call import Call, Response
from localaws.core.clock import Clock
from localaws.core.context import ACCOUNT_ID, ClientCache, Context
from localaws.core.errors import AwsError
from localaws.core.gateway import Gateway
from localaws.core.logs import LogStore
from localaws.core.processes import ProcessTable
from localaws.core.shared import SharedObjects
from localaws.core.wire.errors import error_response
from localaws.core.wsgi import Environ, StartResponse, read_call, send
from localaws.services import registry

HOST: Final = "127.0.0.1"
_CONTROL_PATH: Final = "/_localaws/"
_PEER_UID: Final = "localaws.peer_uid"
_log = logging.getLogger(__name__)


class _RequestHandler(WSGIRequestHandler):
    """The handler of one connection."""

    @cached_property
    def _peer_uid(self) -> int | None:
        return peer.uid_of_peer(self.connection) if peer.IS_SUPPORTED else None

    def make_environ(self) -> Environ:
        return super().make_environ() | {_PEER_UID: self._peer_uid}

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
        access: who may use the server; by default what the environment's settings say.
        https_port: a second TCP port on 127.0.0.1, for HTTPS; 0 takes a free one, None serves no HTTPS.

    Raises:
        SettingError: a setting in the environment has a value that it must not have.
    """

    def __init__(
        self,
        port: int,
        state_dir: Path,
        clock: Clock | None = None,
        access: AccessPolicy | None = None,
        https_port: int | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._access = access or AccessPolicy.from_environment(os.environ)
        self.state_dir = state_dir
        self._work_dir = state_dir / "work"
        shutil.rmtree(self._work_dir, ignore_errors=True)
        self._work_dir.mkdir(parents=True)
        self._gateway: Gateway | None = None
        self._gateway_lock = threading.Lock()
        self._http: BaseWSGIServer = make_server(
            HOST, port, self._answer, threaded=True, request_handler=_RequestHandler
        )
        self.endpoint_url = f"http://{HOST}:{self._http.server_port}"
        self._https = None if https_port is None else self._secured(https_port)
        self.processes = ProcessTable()
        self._shared_objects = SharedObjects()
        self._clients = ClientCache(self.endpoint_url)
        self._logs = LogStore(self.clock, lambda region: self._clients.client("logs", region, None))

    def serve_forever(self) -> None:
        """Answer requests until :meth:`shutdown`."""
        _isolate_environment(self._http.server_port)
        # moto takes a second to import. Requests wait in the socket's backlog meanwhile.
        self._load()
        if not peer.IS_SUPPORTED:
            _log.warning(
                "this system does not tell whose a connection is: other users can use localaws"
            )
        _log.info("listening on %s", self.endpoint_url)
        if self._https is not None:
            _log.info("listening on https://%s:%s", HOST, self._https.server_port)
            threading.Thread(
                target=self._https.serve_forever, args=(0.1,), name="https", daemon=True
            ).start()
        threading.Thread(target=_preload, name="preload", daemon=True).start()
        self._http.serve_forever(poll_interval=0.1)

    def shutdown(self) -> None:
        """Stop answering; end every job, function and endpoint; remove the scratch files."""
        # The services first: their last log lines and events are requests to this server.
        if self._gateway is not None:
            from localaws import patches

            self._gateway.close()
            patches.close()
        self._logs.close()
        self._http.shutdown()
        if self._https is not None:
            self._https.shutdown()
            self._https.server_close()
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
            event_bus=_publish,
            service_name=service_name,
        )

    def _secured(self, port: int) -> BaseWSGIServer:
        certificate, key = tls.certificate_files(self.state_dir / "tls")
        server = make_server(
            HOST, port, self._answer, threaded=True, request_handler=_RequestHandler
        )
        server.ssl_context = tls.server_context(certificate, key)
        # The thread of a connection does the handshake, so that a slow client delays nobody else.
        server.socket = server.ssl_context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        return server

    def _load(self) -> Gateway:
        with self._gateway_lock:
            if self._gateway is None:
                from localaws import patches
                from localaws.services.iam.gate import Gate

                moto = patches.moto_application(self.context)
                gate = Gate(self.context, self._clients.service_keys)
                self._gateway = Gateway(
                    moto, self.context, registry.SERVICES, registry.ROUTES, gate.admit
                )
            return self._gateway

    def _answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application of the server."""
        call = read_call(environ)
        sets_cors = any(route.sets_cors and route.matches(call) for route in registry.ROUTES)
        respond = (
            start_response
            if sets_cors
            else _with_cors_headers(start_response, self._access.cors_headers(call))
        )
        try:
            uid = environ[_PEER_UID]
            # The container of an image runs as the user of the image.
            if uid is None or not self.processes.has_user(uid):
                self._access.check_peer(uid)
            self._access.check_headers(call.headers)
        except AwsError as refusal:
            # A client that has given up is nothing to warn of: `start` does so while a server loads.
            gave_up = peer.IS_SUPPORTED and environ[_PEER_UID] is None
            _log.log(
                logging.DEBUG if gave_up else logging.WARNING,
                "refused %s %r: %s",
                call.method,
                call.path,
                refusal.message,
            )
            call.body.discard()
            return send(error_response(refusal, call, str(uuid.uuid4())), respond)
        if is_preflight(call) and not sets_cors:
            return send(Response(200, {}), respond)
        if call.path.startswith(_CONTROL_PATH):
            return send(self._control(call), respond)
        return self._load().answer(call, environ, respond)

    def _control(self, call: Call) -> Response:
        """The server's own paths."""
        action = call.path.removeprefix(_CONTROL_PATH)
        if action == "health":
            status = 200
            answer: dict[str, Any] = {
                "status": "running",
                "pid": os.getpid(),
                "account_id": ACCOUNT_ID,
                "endpoint_url": self.endpoint_url,
                "uptime_seconds": round(self.clock.monotonic() / self.clock.scale, 1),
                "child_processes": len(self.processes.running()),
            }
            if self._https is not None:
                answer["https_endpoint_url"] = f"https://{HOST}:{self._https.server_port}"
                answer["certificate"] = str((self.state_dir / "tls" / "certificate.pem").absolute())
        else:
            status = 404
            answer = {"message": f"{call.path} does not exist; there is: {_CONTROL_PATH}health"}
        return Response(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())


def _with_cors_headers(start_response: StartResponse, cors: Mapping[str, str]) -> StartResponse:
    """Replace the CORS headers of a response: moto's allow every origin."""

    def respond(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        kept = [(n, v) for n, v in headers if not n.lower().startswith("access-control-")]
        return start_response(status, [*kept, *cors.items()], exc_info)

    return respond


def _publish(account_id: str, region: str, event: dict[str, Any]) -> None:
    # moto's EventBridge takes a while to import.
    from localaws.services.eventbridge import bus

    bus.publish(account_id, region, event)


def _preload() -> None:
    # Two seconds of imports. The first call of a service does not wait for them, and neither does the start.
    for service_name in sorted(registry.SERVICES):
        registry.provider_class(service_name)
    for module in (
        "localaws.services.stepfunctions.interpreter",
        "localaws.services.stepfunctions.backend",
    ):
        import_module(module)


def _isolate_environment(port: int) -> None:
    # boto3 in this process must not read a profile and reach the real AWS.
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        # The policies that AWS manages can be attached and read.
        MOTO_IAM_LOAD_MANAGED_POLICIES="true",
        # The custom resources of moto's CloudFormation find this server by this variable.
        MOTO_PORT=str(port),
    )
