"""Runs the shipped workflows with act, as GitHub's runner would run them.

act knows no permissions, environments or OpenID Connect. What GitHub gives to a job for them is written into
a copy of the workflow: a job gets a GITHUB_TOKEN with the permissions that it names, and with
`id-token: write` the address and the secret for its OpenID Connect token, whose claims follow from event, ref
and environment. Nothing else of the workflow is changed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.local.github.fake_api import REPOSITORY, FakeGitHub

ROOT = Path(__file__).parents[3]
WORKFLOWS = ROOT / ".github/workflows"
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
ACCOUNT = "123456789012"
STAGE = "production"
_TOKEN = "${{ github.token }}"
_EXPRESSION = re.compile(r"\$\{\{.*\}\}")


@dataclass(frozen=True)
class Result:
    """What act did."""

    code: int
    output: str
    calls: list[dict[str, Any]]

    def steps(self) -> list[str]:
        return [call["step"] for call in self.calls]

    def call(self, step: str) -> dict[str, Any]:
        return next(call for call in self.calls if call["step"] == step)


@dataclass
class Runner:
    """A repository with its commits, GitHub and AWS around it."""

    folder: Path
    github: FakeGitHub
    endpoint_url: str
    claims: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.work = self.folder / "work"
        self.prepared = self.folder / "prepared"
        self.prepared.mkdir()
        self.work.mkdir()
        self._git("init", "-q", "-b", "main")
        self._git("config", "uploadpack.allowAnySHA1InWant", "true")
        scripts = self.work / "deployment-scripts"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "deployment-scripts", scripts, ignore=ignore)
        shutil.copytree(ROOT / ".github", self.work / ".github")
        shutil.copy(HERE / "ci_steps.py", scripts / "ci.py")
        # The environment of the tests has everything already.
        (self.work / "Makefile").write_text("venv venv-test venv-checkov:\n\t@true\n")
        self.main = self.commit("The default branch")

    def commit(self, message: str, **files: str) -> str:
        """Commit files to the branch that is checked out."""
        for name, text in files.items():
            (self.work / name).write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", message)
        return self._git("rev-parse", "HEAD")

    def prepare(self, step: str, code: int = 0, **files: str) -> None:
        """What a step of ci.py writes, and its exit code."""
        (self.prepared / f"{step}.exit").write_text(str(code))
        folder = self.prepared / step
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)

    def run(self, workflow: str, event: str, payload: Mapping[str, Any], *arguments: str) -> Result:
        """Run a workflow for an event; `arguments` are options of act."""
        calls = self.folder / f"calls-{secrets.token_hex(4)}.jsonl"
        calls.touch()
        event_file = self.folder / "event.json"
        event_file.write_text(json.dumps({"repository": _REPOSITORY, **payload}))
        path = self._with_tokens(workflow, event, payload)
        actions = [
            f"--local-repository={name}@{_pin(name)}={HERE / 'actions' / name.partition('/')[2]}"
            for name in ("actions/checkout", "aws-actions/configure-aws-credentials")
        ]
        values = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "CALLS": str(calls),
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "ORIGIN": str(self.work),
            "PREPARED": str(self.prepared),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        variables = {
            "AWS_ACCOUNT_ID": ACCOUNT, "AWS_REGION": "eu-west-1",
            "BUILD_STAGE": STAGE, "SERVICE": "ml-core",
        }  # fmt: skip
        command = [
            str(BIN / "act"), event, "-W", str(path), "-e", str(event_file),
            "-P", "ubuntu-24.04=-self-hosted", "--no-cache-server", "--no-skip-checkout",
            *actions,
            *(f"--env={name}={value}" for name, value in values.items()),
            *(f"--var={name}={value}" for name, value in variables.items()),
            *arguments,
        ]  # fmt: skip
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GITHUB_", "ACTIONS_"))
        }
        done = subprocess.run(
            command, cwd=self.work, capture_output=True, text=True, check=False, timeout=120,
            env={
                **kept,
                "HOME": str(self.folder / "home"),
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            },
        )  # fmt: skip
        found = [json.loads(line) for line in calls.read_text().splitlines()]
        return Result(done.returncode, done.stdout + done.stderr, found)

    def _with_tokens(self, workflow: str, event: str, payload: Mapping[str, Any]) -> Path:
        """The workflow with what GitHub gives to each job."""
        document = yaml.safe_load((WORKFLOWS / workflow).read_text())
        # YAML 1.1 reads the key `on` as true.
        document["on"] = document.pop(True)
        for name, job in document["jobs"].items():
            permissions = job.get("permissions", document["permissions"])
            token = f"token-of-{name}-{secrets.token_hex(8)}"
            self.github.repository.tokens[token] = permissions
            text = json.dumps(job).replace(_TOKEN, token)
            job = json.loads(text)
            if permissions.get("id-token") == "write":
                access = self._register(job, event, payload)
                job["env"] = {
                    **job.get("env", {}),
                    "ACTIONS_ID_TOKEN_REQUEST_URL": access["url"],
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": access["token"],
                }
            document["jobs"][name] = job
        path = self.folder / workflow
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path

    def _register(self, job: Mapping[str, Any], event: str, payload: Mapping[str, Any]) -> Any:
        """Register the job at the issuer, with the environment in which GitHub would run it."""
        environment = str(job.get("environment", ""))
        if _EXPRESSION.fullmatch(environment):
            branch = str(payload["ref"]).removeprefix("refs/heads/")
            environment = STAGE if branch == "main" else branch
        description = {
            "repository": REPOSITORY,
            "event_name": event,
            "environment": environment,
            "ref": payload.get("ref", "refs/heads/main"),
            **self.claims,
        }
        request = urllib.request.Request(
            f"{self.endpoint_url}/_github/oidc/jobs", json.dumps(description).encode()
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def _git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        done = subprocess.run(
            ["git", *identity, "-C", str(self.work), *arguments],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()


_REPOSITORY = {
    "full_name": REPOSITORY,
    "name": REPOSITORY.partition("/")[2],
    "owner": {"login": REPOSITORY.partition("/")[0]},
    "default_branch": "main",
}


def _pin(action: str) -> str:
    """The commit by which the workflows use an action."""
    texts = [path.read_text() for path in WORKFLOWS.glob("*.yml")]
    found = {
        pin for text in texts for pin in re.findall(rf"{re.escape(action)}@([0-9a-f]{{40}})", text)
    }
    (pin,) = found
    return pin
