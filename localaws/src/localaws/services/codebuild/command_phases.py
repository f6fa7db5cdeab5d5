"""The phases that run commands: INSTALL, PRE_BUILD, BUILD and POST_BUILD."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from localaws.services.codebuild import models
from localaws.services.codebuild.build_log import BuildLog
from localaws.services.codebuild.buildspec import Buildspec, PhaseSpec
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.session import Session

NAMES: Final = {
    models.INSTALL: "install",
    models.PRE_BUILD: "pre_build",
    models.BUILD: "build",
    models.POST_BUILD: "post_build",
}
RunPhase = Callable[[str, Callable[[], None]], PhaseError | None]
"""Runs the work of a phase: returns the error that failed it, or None."""


class CommandPhases:
    """Runs the commands of a build specification.

    Args:
        session: runs one command.
        buildspec: has the commands.
        log: gets what AWS logs of them.
    """

    def __init__(self, session: Session, buildspec: Buildspec, log: BuildLog) -> None:
        self._session = session
        self._buildspec = buildspec
        self._log = log
        self._start = (dict(session.variables), session.directory)
        self.succeeded = True
        self.may_upload = True
        """Whether the build goes on to UPLOAD_ARTIFACTS."""
        self.retries = 0
        """How many retries of the build the failed phase asks for."""

    def run(self, run_phase: RunPhase) -> None:
        """Run the phases until one of them ends the build."""
        for kind, name in NAMES.items():
            spec = self._buildspec.phase(name)
            error = run_phase(kind, lambda spec=spec: self._commands(spec))  # type: ignore[misc]
            if error is None:
                continue
            self._fail(error, spec)
            action = spec.on_failure.action
            # A failed BUILD is followed by POST_BUILD, unless the buildspec says ABORT.
            goes_on = action == "CONTINUE" or (kind == models.BUILD and not action)
            if not goes_on and kind != models.POST_BUILD:
                self.may_upload = False
                return

    def _fail(self, error: PhaseError, spec: PhaseSpec) -> None:
        self.succeeded = False
        self._session.variables["CODEBUILD_BUILD_SUCCEEDING"] = "0"
        rule = spec.on_failure
        if rule.action == "RETRY" and (not rule.pattern or re.search(rule.pattern, error.message)):
            self.retries = rule.retries

    def _commands(self, spec: PhaseSpec) -> None:
        try:
            self._run_all(spec.commands, spec)
        finally:
            # Also when a command failed; the error of a finally command then replaces the first one.
            self._run_all(spec.finally_commands, spec)

    def _run_all(self, commands: tuple[str, ...], spec: PhaseSpec) -> None:
        user = spec.run_as or self._buildspec.run_as or "root"
        for command in commands:
            text = command.rstrip("\n")
            if self._buildspec.version == "0.1":
                # Version 0.1 runs each command in an instance of the shell of its own.
                variables = {
                    **self._start[0],
                    "CODEBUILD_BUILD_SUCCEEDING": self._session.variables[
                        "CODEBUILD_BUILD_SUCCEEDING"
                    ],
                }
                self._session.variables, self._session.directory = variables, self._start[1]
            self._log.say(f"Running command {text}")
            status = self._session.run(text, self._buildspec.shell, user)
            self._log.output("")
            if status:
                self._log.say(f"Command did not exit successfully {text} exit status {status}")
                raise PhaseError(
                    "COMMAND_EXECUTION_ERROR",
                    f"Error while executing command: {text}. Reason: exit status {status}",
                )
