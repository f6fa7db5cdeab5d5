"""Terraform as the scripts use it: which program, in which environment, with which commands."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT, Settings
from landing_zone.stack import mirrors

SCRIPTS = ROOT / "deployment-scripts"
SCRATCH = ROOT / "build/terraform"
# Lines of its output that are shown even with --quiet.
_SUMMARIES = ("Plan:", "No changes.", "Apply complete!", "Destroy complete!")
# Exit codes of terraform plan -detailed-exitcode.
_NOTHING_CHANGED, _CHANGES = 0, 2
# In the address of a data source.
_DATA = re.compile(r"(^|\.)data\.")


def find_terraform(settings: Settings, environ: Mapping[str, str]) -> str:
    """TERRAFORM, else the one on PATH, else the shim in deployment-scripts/."""
    wanted = settings.terraform or "terraform"
    found = shutil.which(wanted, path=f"{environ.get('PATH', os.defpath)}{os.pathsep}{SCRIPTS}")
    if not found:
        raise OperatorError(
            f"TERRAFORM is {wanted!r}; allowed: empty, or a program that can be run"
        )
    return found


def terraform_environment(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    scratch: Path = SCRATCH,
    folders: Sequence[Path] | None = None,
) -> dict[str, str]:
    """The variables to add to the environment for Terraform; one with an empty value must not be set."""
    made = {
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "TF_VAR_service": settings.service,
        "TF_VAR_build_stage": settings.stage,
        "TF_VAR_aws_region": settings.region,
        "TF_DATA_DIR": str(data_dir(settings, scratch)),
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_CONFIG_FILE": "",
        # Otherwise Terraform looks for a newer version on each start.
        "CHECKPOINT_DISABLE": "1",
    }
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named and Path(named).is_file():
        return {**made, "TF_CLI_CONFIG_FILE": str(Path(named).resolve())}
    # Terraform would warn of a name without a file, so it is dropped.
    if folders is None:
        folders = list(mirrors.candidates(mirrors.default_places(environ, Path.home())))
    mirror = mirrors.find_mirror(folders, mirrors.this_platform())
    if mirror:
        return {**made, "TF_CLI_CONFIG_FILE": str(_write_cli_config(mirror, scratch))}
    if not environ.get("TF_PLUGIN_CACHE_DIR"):
        cache = scratch / "plugins"
        cache.mkdir(parents=True, exist_ok=True)
        # One download of 700 MB for all stages.
        made["TF_PLUGIN_CACHE_DIR"] = str(cache)
    return made


def data_dir(settings: Settings, scratch: Path = SCRATCH) -> Path:
    """TF_DATA_DIR: one for each target, so the state of AWS and that of localaws never mix."""
    endpoint = hashlib.sha256(settings.endpoint_url.encode()).hexdigest()[:8]
    where = f"local-{endpoint}" if settings.is_local else "aws"
    return scratch / f"{where}-{settings.region}-{settings.prefix}"


def _write_cli_config(mirror: Path, scratch: Path) -> Path:
    text = mirrors.cli_config(mirror)
    path = scratch / f"mirror-{hashlib.sha256(text.encode()).hexdigest()[:8]}.tfrc"
    if not path.exists():
        scratch.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.write_text(text)
        temporary.replace(path)
    return path


class TerraformError(OperatorError):
    """Raised when Terraform fails; its own message has been shown."""

    # What Terraform printed, where somebody listened; else empty.
    output = ""


@dataclass(frozen=True)
class Plan:
    """A plan that has been shown: its file, the hash of the file, and whether it changes anything."""

    file: Path
    sha256: str
    changes: bool


@dataclass(frozen=True)
class Terraform:
    """The stack in infra/, or in another root module: init, plan, apply, destroy."""

    program: str
    environment: Mapping[str, str]
    backend: Mapping[str, str]
    variables_file: Path
    folder: Path = ROOT / "infra"
    # File for the output; None: to the terminal.
    log: Path | None = None
    # Called with each line of the output, which is printed too.
    listener: Callable[[str], None] | None = None
    # Values that win over those of the file.
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        return Path(self.environment["TF_DATA_DIR"])

    def init(self) -> bool:
        """Initialise unless nothing that init reads has changed since; return whether it ran."""
        stamp = self.data_dir / "initialised"
        if stamp.exists() and stamp.read_text() == self._init_inputs():
            return False
        options = [f"-backend-config={key}={value}" for key, value in self.backend.items()]
        # -reconfigure: this data directory belongs to one backend, so there is no state to migrate.
        self._run(["init", "-input=false", "-reconfigure", *options])
        stamp.write_text(self._init_inputs())
        return True

    def plan(self, file: Path, *options: str) -> Plan:
        """Show a plan and write it to the file."""
        arguments = ["plan", "-input=false", "-detailed-exitcode", f"-out={file}", *options]
        code = self._run([*arguments, *self._values()], expected=(_NOTHING_CHANGED, _CHANGES))
        return Plan(file, _sha256_of(file), changes=code == _CHANGES)

    def apply(self, plan: Plan) -> None:
        """Apply exactly the plan that was shown."""
        found = _sha256_of(plan.file)
        if found != plan.sha256:
            raise OperatorError(
                f"{plan.file} is not the plan that was shown: its sha256 is {found}, that of the shown "
                f"plan was {plan.sha256}. Nothing was applied: run this command again"
            )
        self._run(["apply", "-input=false", str(plan.file)])

    def show(self, file: Path) -> dict[str, Any]:
        """The JSON document of a plan."""
        document: dict[str, Any] = json.loads(self._read("show", "-json", str(file)))
        return document

    def resources(self) -> list[str]:
        """The addresses of the resources in the state, without those that are only read."""
        listed = self._read("state", "list").splitlines()
        return [line for line in listed if line and not _DATA.search(line)]

    def outputs(self) -> dict[str, Any]:
        """The outputs of the applied root module."""
        document = json.loads(self._read("output", "-json"))
        return {name: output["value"] for name, output in document.items()}

    def force_unlock(self, lock_id: str) -> None:
        """Remove a lock of the state; Terraform refuses when the state has another lock by now."""
        self._run(["force-unlock", "-force", lock_id])

    def destroy(self) -> None:
        """Destroy everything in the state."""
        arguments = ["destroy", "-input=false", "-auto-approve"]
        self._run([*arguments, *self._values()])

    def _values(self) -> list[str]:
        """The options that give the variables their values; the last one wins."""
        values = [f"-var={name}={value}" for name, value in self.values.items() if value]
        return [f"-var-file={self.variables_file}", *values]

    def _run(self, arguments: Sequence[str], expected: Sequence[int] = (0,)) -> int:
        command = [self.program, f"-chdir={self.folder}", *arguments]
        output = ""
        if self.listener is not None:
            code, output = self._run_listening(command, self.listener)
        elif self.log is None:
            code = subprocess.run(command, env={**self.environment}, check=False).returncode
        else:
            code = self._run_quietly([*command, "-no-color"], self.log, expected)
        if code not in expected:
            error = TerraformError(
                f"terraform {arguments[0]} failed with exit code {code}; its message is above. "
                "Correct that and run this command again: it continues where it stopped"
            )
            error.output = output
            raise error
        return code

    def _read(self, *arguments: str) -> str:
        """The output of a command that only reads."""
        done = subprocess.run(
            [self.program, f"-chdir={self.folder}", *arguments],
            env={**self.environment}, check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise TerraformError(f"terraform {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def _run_listening(
        self, command: Sequence[str], listener: Callable[[str], None]
    ) -> tuple[int, str]:
        """Print the output as it comes, and let somebody read it too."""
        lines = []
        with (
            subprocess.Popen(
                command,
                # Escape sequences would stand in a log as they are.
                env={**self.environment, "TF_CLI_ARGS": "-no-color"},
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as process,
            _interrupted_gently(process),
        ):
            for line in process.stdout or ():
                print(line, end="", flush=True)
                lines.append(line)
                listener(line.rstrip())
        return process.returncode, "".join(lines)

    def _run_quietly(self, command: Sequence[str], log: Path, expected: Sequence[int]) -> int:
        """Write the output to the log; show the summary, or all of it after a failure."""
        log.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            command,
            env={**self.environment},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n{done.stdout}\n")
        for line in done.stdout.splitlines():
            if done.returncode not in expected or line.startswith(_SUMMARIES):
                print(line)
        return done.returncode

    def _init_inputs(self) -> str:
        """A hash of everything that init depends on: backend, provider source, modules, Terraform itself."""
        digest = hashlib.sha256(repr(sorted(self.backend.items())).encode())
        digest.update(f"{self.program} {Path(self.program).stat().st_mtime_ns}".encode())
        digest.update(self.environment.get("TF_CLI_CONFIG_FILE", "").encode())
        for path in [self.folder / ".terraform.lock.hcl", *sorted(self.folder.rglob("*.tf"))]:
            digest.update(path.relative_to(self.folder).as_posix().encode())
            digest.update(path.read_bytes() if path.exists() else b"none")
        return digest.hexdigest()


@contextmanager
def _interrupted_gently(process: subprocess.Popen[str]) -> Iterator[None]:
    """When this process is told to end, Terraform finishes what it does, writes the state and unlocks it."""

    def interrupt(*_: object) -> None:
        print("interrupted: Terraform finishes what it has begun and unlocks the state", flush=True)
        process.send_signal(signal.SIGINT)

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Root:
    """A root module: its folder, its values for a stage, its state, and values that win over those."""

    name: str
    folder: Path
    variables_file: Path
    state_key: str
    values: dict[str, str]


def infra_root(settings: Settings) -> Root:
    """The deployment itself, infra/."""
    return Root(
        "infra",
        ROOT / "infra",
        ROOT / f"config/environments/{settings.stage}.tfvars",
        settings.state_key,
        {},
    )


def make_terraform(
    names: Names,
    environ: Mapping[str, str],
    *,
    quiet: bool = False,
    root: Root | None = None,
    listener: Callable[[str], None] | None = None,
) -> Terraform:
    """Terraform for a deployment, its backend in the state bucket; without `root`, that of infra/."""
    settings = names.settings
    root = root or infra_root(settings)
    if not root.variables_file.is_file():
        raise OperatorError(
            f"{root.variables_file} does not exist: it holds the values of the stage {settings.stage}"
        )
    added = terraform_environment(settings, environ)
    if root.name != "infra":
        added["TF_DATA_DIR"] += f"-{root.name}"
    environment = {key: value for key, value in {**environ, **added}.items() if value}
    backend = {
        "bucket": names.state_bucket,
        "key": root.state_key,
        "region": settings.region,
    }
    if settings.is_local:
        # An address has no subdomains, so the bucket goes into the path.
        backend |= {"use_path_style": "true"}
    Path(environment["TF_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    return Terraform(
        find_terraform(settings, environ),
        environment,
        backend,
        root.variables_file,
        root.folder,
        log=Path(environment["TF_DATA_DIR"]) / "terraform.log" if quiet else None,
        listener=listener,
        values=root.values,
    )
