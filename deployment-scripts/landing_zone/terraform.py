"""Terraform as the scripts use it: where it is, what its environment is, how it is run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from landing_zone import mirrors
from landing_zone.errors import OperatorError
from landing_zone.settings import ROOT, Settings

SCRIPTS = ROOT / "deployment-scripts"
SCRATCH = ROOT / "build/terraform"
# The lines of its output that a person wants to see in any case.
_SUMMARIES = ("Plan:", "No changes.", "Apply complete!", "Destroy complete!")
_NOTHING_CHANGED, _CHANGES = 0, 2  # terraform plan -detailed-exitcode


def find_terraform(settings: Settings, environ: Mapping[str, str]) -> str:
    """TERRAFORM, else the one on PATH, else the shim in deployment-scripts/."""
    wanted = settings.terraform or "terraform"
    found = shutil.which(wanted, path=f"{environ.get('PATH', os.defpath)}{os.pathsep}{SCRIPTS}")
    if not found:
        raise OperatorError(f"TERRAFORM is {wanted!r}, which is no program that can be run")
    return found


def terraform_environment(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    scratch: Path = SCRATCH,
    folders: Sequence[Path] | None = None,
) -> dict[str, str]:
    """The variables that Terraform gets on top of ours; an empty value means: not set."""
    made = {
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "TF_VAR_service": settings.service,
        "TF_VAR_build_stage": settings.stage,
        "TF_VAR_aws_region": settings.region,
        "TF_DATA_DIR": str(data_dir(settings, scratch)),
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_CONFIG_FILE": "",
        "CHECKPOINT_DISABLE": "1",  # no look for a newer Terraform on each start
    }
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named and Path(named).is_file():
        return {**made, "TF_CLI_CONFIG_FILE": str(Path(named).resolve())}
    # A name without a file would only make Terraform warn, so it is dropped.
    if folders is None:
        folders = list(mirrors.candidates(mirrors.default_places(environ, Path.home())))
    mirror = mirrors.find_mirror(folders, mirrors.this_platform())
    if mirror:
        return {**made, "TF_CLI_CONFIG_FILE": str(_write_cli_config(mirror, scratch))}
    if not environ.get("TF_PLUGIN_CACHE_DIR"):
        cache = scratch / "plugins"
        cache.mkdir(parents=True, exist_ok=True)
        made["TF_PLUGIN_CACHE_DIR"] = str(cache)  # 700 MB once, not once for each stage
    return made


def data_dir(settings: Settings, scratch: Path = SCRATCH) -> Path:
    """One for each place deployed to: the state of AWS and that of localaws must never meet."""
    place = hashlib.sha256(settings.endpoint_url.encode()).hexdigest()[:8]
    where = f"local-{place}" if settings.is_local else "aws"
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


@dataclass(frozen=True)
class Terraform:
    """The stack in infra/: init, plan, apply, destroy."""

    program: str
    environment: Mapping[str, str]
    backend: Mapping[str, str]
    variables_file: Path
    folder: Path = ROOT / "infra"
    log: Path | None = None  # where the output goes; None: to the terminal

    def init(self) -> bool:
        """Initialise, unless nothing that init reads has changed since; says whether it ran."""
        stamp = Path(self.environment["TF_DATA_DIR"]) / "initialised"
        if stamp.exists() and stamp.read_text() == self._init_inputs():
            return False
        options = [f"-backend-config={key}={value}" for key, value in self.backend.items()]
        # -reconfigure: this data directory belongs to one backend only; there is no state to move.
        self._run(["init", "-input=false", "-reconfigure", *options])
        stamp.write_text(self._init_inputs())
        return True

    def plan(self, file: Path, *options: str) -> bool:
        """Write a plan; says whether it changes anything."""
        arguments = ["plan", "-input=false", "-detailed-exitcode", f"-out={file}", *options]
        code = self._run(
            [*arguments, f"-var-file={self.variables_file}"], expected=(_NOTHING_CHANGED, _CHANGES)
        )
        return code == _CHANGES

    def apply(self, file: Path) -> None:
        """Apply exactly the plan that was made."""
        self._run(["apply", "-input=false", str(file)])

    def destroy(self, *options: str) -> None:
        """Remove everything in the state."""
        arguments = ["destroy", "-input=false", "-auto-approve", *options]
        self._run([*arguments, f"-var-file={self.variables_file}"])

    def _run(self, arguments: Sequence[str], expected: Sequence[int] = (0,)) -> int:
        command = [self.program, f"-chdir={self.folder}", *arguments]
        if self.log is None:
            code = subprocess.run(command, env={**self.environment}, check=False).returncode
        else:
            code = self._run_quietly([*command, "-no-color"], self.log, expected)
        if code not in expected:
            raise OperatorError(
                f"terraform {arguments[0]} failed with exit code {code}; its message is above. "
                "Mend that and run this command again: it goes on where it stopped"
            )
        return code

    def _run_quietly(self, command: Sequence[str], log: Path, expected: Sequence[int]) -> int:
        """Write the output to the log; show the lines that sum up, or all of it when it failed."""
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
        """A hash of all that decides what init does: backend, provider source, modules, Terraform itself."""
        digest = hashlib.sha256(repr(sorted(self.backend.items())).encode())
        digest.update(f"{self.program} {Path(self.program).stat().st_mtime_ns}".encode())
        digest.update(self.environment.get("TF_CLI_CONFIG_FILE", "").encode())
        for path in [self.folder / ".terraform.lock.hcl", *sorted(self.folder.rglob("*.tf"))]:
            digest.update(path.relative_to(self.folder).as_posix().encode())
            digest.update(path.read_bytes() if path.exists() else b"none")
        return digest.hexdigest()


def make_terraform(
    settings: Settings, environ: Mapping[str, str], account: str, *, quiet: bool = False
) -> Terraform:
    """Terraform for these settings, its backend in the state bucket."""
    variables_file = ROOT / f"config/environments/{settings.stage}.tfvars"
    if not variables_file.is_file():
        raise OperatorError(f"{variables_file} does not exist: it holds the values of this stage")
    added = terraform_environment(settings, environ)
    environment = {key: value for key, value in {**environ, **added}.items() if value}
    backend = {
        "bucket": settings.state_bucket_of(account),
        "key": settings.state_key,
        "region": settings.region,
    }
    if settings.is_local:
        backend |= {"use_path_style": "true"}  # a bucket is no host name below 127.0.0.1
    return Terraform(
        find_terraform(settings, environ),
        environment,
        backend,
        variables_file,
        log=Path(environment["TF_DATA_DIR"]) / "terraform.log" if quiet else None,
    )
