"""One build from PROVISIONING to COMPLETED: effects only, the state is written by lifecycle.py."""

from __future__ import annotations

import dataclasses
import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.core.context import Context
from localaws.services.codebuild import buildspec_file, credentials, environment, models, sources
from localaws.services.codebuild.build_log import BuildLog
from localaws.services.codebuild.buildspec import Buildspec, parse
from localaws.services.codebuild.cache import Cache, storage_of
from localaws.services.codebuild.command_phases import CommandPhases
from localaws.services.codebuild.environment_image import prepare
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.file_patterns import Files
from localaws.services.codebuild.lifecycle import Lifecycle
from localaws.services.codebuild.machine import HOME, ROOT, Directories, machine_variables
from localaws.services.codebuild.models import Build
from localaws.services.codebuild.outputs import Outputs
from localaws.services.codebuild.reports import Reports
from localaws.services.codebuild.session import Session, SessionEndedError

_log = logging.getLogger(__name__)


class InterruptedBuildError(Exception):
    """The build was stopped or has timed out."""


@dataclass(frozen=True)
class Surroundings:
    """What a run uses of the service."""

    context: Context
    lifecycle: Lifecycle
    find_repository: sources.FindRepository
    reports: Reports
    project_uuid: str
    cache_directory: Path
    cache_generation: str


class BuildRun:
    """Runs one build. :meth:`interrupt` may be called from any thread."""

    def __init__(self, surroundings: Surroundings, build: Build) -> None:
        self._on = surroundings
        self._context = surroundings.context
        self._build = build
        self._log = BuildLog(self._context, build)
        self._directories = Directories(self._context.work_dir / "builds" / build.uuid)
        self._places = sources.places(build.request, int(build.uuid[:7], 16))
        self._lock = threading.Lock()
        self._interrupted: str | None = None
        self._session: Session | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._buildspec = Buildspec("0.2")
        self._resolved = environment.Resolved()
        self._token = ""
        self._cache: Cache | None = None
        self.retries = 0

    def run(self) -> str:
        """Run the build. Returns its status, which the caller writes after FINALIZING."""
        build = self._build
        self._log.say("Running on CodeBuild On-demand")
        self._log.say("Waiting for agent ping")
        status = models.FAULT
        try:
            status = models.SUCCEEDED if self._phases() else models.FAILED
        except InterruptedBuildError:
            assert self._interrupted
            status = self._interrupted
        except Exception:
            _log.exception("%s failed inside localaws", build.arn)
            if build.phases[-1].status == models.IN_PROGRESS:
                self._on.lifecycle.end(
                    build,
                    models.FAULT,
                    "INTERNAL_SERVICE_ERROR",
                    "a fault of localaws, see its log",
                )
        finally:
            self._finalize()
        return status

    def interrupt(self, status: str) -> None:
        """End the build: STOPPED or TIMED_OUT."""
        with self._lock:
            self._interrupted = self._interrupted or status
            session, child = self._session, self._child
        if session:
            session.end()
        if child:
            self._context.processes.terminate(child, 0)

    def _phases(self) -> bool:
        if self._phase(models.PROVISIONING, self._provision):
            return False
        self._log.say("Waiting for DOWNLOAD_SOURCE")
        if self._phase(models.DOWNLOAD_SOURCE, self._download, "Phase is"):
            return False
        assert self._session
        commands = CommandPhases(self._session, self._buildspec, self._log)
        commands.run(lambda kind, work: self._phase(kind, work, "Entering phase"))
        self.retries = commands.retries
        if not commands.may_upload:
            return False
        self._build.exported = environment.exported(
            self._buildspec, self._resolved, self._session.variables
        )
        failed = self._phase(models.UPLOAD_ARTIFACTS, self._upload)
        return commands.succeeded and not failed

    def _phase(self, kind: str, work: Callable[[], None], words: str = "") -> PhaseError | None:
        self._check()
        self._on.lifecycle.begin(self._build, kind)
        if words:
            self._log.say(f"{words} {kind}")
        error = None
        try:
            work()
            self._check()
        except PhaseError as failure:
            error = failure
        except (InterruptedBuildError, SessionEndedError) as ended:
            self._end_interrupted(kind)
            raise InterruptedBuildError from ended
        # A phase whose process was ended may report an error of its own.
        if error and self._interrupted:
            self._end_interrupted(kind)
            raise InterruptedBuildError
        state = models.FAILED if error else models.SUCCEEDED
        code, message = (error.code, self._log.masks.apply(error.message)) if error else ("", "")
        if kind != models.PROVISIONING:
            self._log.say(f"Phase complete: {kind} State: {state}")
            self._log.say(f"Phase context status code: {code} Message: {message}")
        self._on.lifecycle.end(self._build, state, code, message)
        return error

    def _end_interrupted(self, kind: str) -> None:
        status = self._interrupted
        if status is None:
            # Nobody asked for it: the shell of the build was killed, for example by one of its commands.
            self._interrupted = status = models.FAILED
            code, message = "COMMAND_EXECUTION_ERROR", "the shell of the build has ended"
        elif status == models.TIMED_OUT:
            code, message = "BUILD_TIMED_OUT", "Build has timed out. "
        else:
            code, message = "", ""
        self._log.say(f"Phase complete: {kind} State: {status}")
        self._log.say(f"Phase context status code: {code} Message: {message}")
        self._on.lifecycle.end(self._build, status, code, message)

    def _check(self) -> None:
        if self._interrupted:
            raise InterruptedBuildError

    # PROVISIONING

    def _provision(self) -> None:
        self._directories.make()
        environment_of_build = self._build.request.environment
        prepared = prepare(self._context, environment_of_build, self._directories, self._build.uuid)
        session = Session(
            self._context,
            self._directories,
            prepared.command,
            prepared.path,
            self._build.uuid,
            self._log.output,
        )
        with self._lock:
            self._session = session
        session.variables = {
            **prepared.variables,
            **machine_variables(os.environ, self._directories),
            "PATH": f"{ROOT}/bin:{prepared.path}",
            "HOME": HOME,
        }

    # DOWNLOAD_SOURCE

    def _download(self) -> None:
        build, request = self._build, self._build.request
        downloader = sources.Downloader(
            self._client("s3"), self._context.region, self._on.find_repository, self._spawn
        )
        for index, place in enumerate(self._places):
            directory = self._host(place.directory)
            if not index and request.commit:
                place = dataclasses.replace(place, version=request.commit)
            version = downloader.download(place, directory, in_pipeline=request.in_pipeline)
            if not index:
                build.resolved_source_version = version
            self._check()
        source_variables = {"CODEBUILD_SRC_DIR": self._places[0].directory}
        source_variables |= {
            f"CODEBUILD_SRC_DIR_{place.identifier}": place.directory for place in self._places[1:]
        }
        for name, value in source_variables.items():
            self._log.say(f"{name}={value}")
        location, text = buildspec_file.read(
            request.source.get("buildspec", ""),
            self._places[0].directory,
            self._directories,
            self._client("s3"),
        )
        self._log.say(f"YAML location is {location}")
        self._buildspec = parse(text)
        self._log.say("Processing environment variables")
        self._resolved = environment.resolve(
            build, self._buildspec, self._client, self._log.masks, self._log.say
        )
        self._token = self._context.shared(credentials.BuildCredentials).grant(
            request.service_role, self._project_arn, f"AWSCodeBuild-{build.uuid}"
        )
        assert self._session
        own = environment.own_variables(build, self._context.region, self._on.project_uuid)
        self._session.variables |= {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials.url(self._context, self._token),
            "AWS_ENDPOINT_URL": self._context.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self._resolved.values,
            **own,
            **source_variables,
        }
        self._session.directory = self._places[0].directory
        if self._buildspec.git_credential_helper:
            settings = sources.git_settings(self._places, self._context.endpoint_url)
            (self._directories.home / ".gitconfig").write_text(settings)
        self._say_runtimes()
        self._log.say(f"Moving to directory {self._places[0].directory}")
        self._restore_cache()
        self._say_phases()

    def _restore_cache(self) -> None:
        spec, request = self._buildspec.cache, self._build.request
        storage = storage_of(
            request.cache,
            self._client("s3"),
            self._on.cache_directory,
            self._on.cache_generation,
        )
        if storage is None or not spec.paths:
            self._log.say("Skip cache due to: no paths specified to be cached")
            return
        spec = dataclasses.replace(
            spec,
            key=self._expand_by_shell(spec.key) if spec.key else "",
            fallback_keys=tuple(self._expand_by_shell(key) for key in spec.fallback_keys),
        )
        self._cache = Cache(storage, spec, self._files(), self._log.say)
        self._cache.restore()

    def _say_runtimes(self) -> None:
        if not self._buildspec.runtime_versions:
            self._log.say("No runtime version selected in buildspec.")
        for name, version in self._buildspec.runtime_versions.items():
            self._log.say(
                f"Selecting '{name}' runtime version '{version}' is not possible: this build has the "
                f"{name} that is on PATH, in whatever version."
            )

    def _say_phases(self) -> None:
        phases = self._buildspec.phases
        self._log.say(f"Phases found in YAML: {len(phases)}")
        for name in sorted(phases):
            self._log.say(f" {name.upper()}: {len(phases[name].commands)} commands")

    # UPLOAD_ARTIFACTS

    def _upload(self) -> None:
        assert self._session
        outputs = Outputs(
            self._build,
            self._buildspec,
            self._files(),
            self._client("s3"),
            self._log,
            self._expand_by_shell,
        )
        # AWS saves the cache of a build whose commands succeeded.
        succeeding = self._session.variables["CODEBUILD_BUILD_SUCCEEDING"] == "1"
        outputs.upload(self._on.reports, self._cache if succeeding else None)

    def _files(self) -> Files:
        assert self._session
        return Files(self._directories, self._places[0].directory, self._session.variables)

    def _expand_by_shell(self, text: str) -> str:
        """The name of an artifact or a key of the cache, which may have commands and variables in it."""
        assert self._session
        target = self._directories.codebuild / "output/tmp/name"
        status = self._session.run(f'printf %s "{text}" > {ROOT}/output/tmp/name', "sh")
        if status:
            raise PhaseError("CLIENT_ERROR", f"{text!r} cannot be expanded")
        return target.read_text()

    # FINALIZING

    def _finalize(self) -> None:
        self._on.lifecycle.begin(self._build, models.FINALIZING)
        if self._session:
            self._session.close()
        self._context.shared(credentials.BuildCredentials).revoke(self._token)
        code, message = "", ""
        try:
            self._log.upload(self._client("s3"))
        except Exception as error:
            _log.warning("the log of %s was not written to S3: %s", self._build.arn, error)
            code, message = "CLIENT_ERROR", f"S3 logs: {error}"
        shutil.rmtree(self._directories.base, ignore_errors=True)
        self._log.close()
        self._on.lifecycle.end(
            self._build, models.FAILED if message else models.SUCCEEDED, code, message
        )

    def _client(self, service: str) -> Any:
        acting = self._context.acting(self._project_arn)
        return self._context.client(service, self._build.request.service_role, acting=acting)

    @property
    def _project_arn(self) -> str:
        return self._context.arn("codebuild", f"project/{self._build.request.project}")

    def _host(self, path: str) -> Path:
        found = self._directories.host(path)
        assert found, path
        return found

    def _spawn(self, command: list[str]) -> tuple[int, str]:
        """Run a program of the machine that ends with the build."""
        self._check()
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._directories.home),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            # The repository belongs to the user of localaws; a container may have another owner for it.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        process = self._context.processes.spawn(
            command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        with self._lock:
            self._child = process
        output, _ = process.communicate()
        with self._lock:
            self._child = None
        self._check()
        return process.returncode, output.decode(errors="replace")
