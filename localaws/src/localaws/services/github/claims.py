"""The claims of a job's token: "OpenID Connect reference" in the documentation of GitHub Actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from localaws.core.errors import AwsError

_TEXTS: Final = {
    "repository": "",
    "repository_id": "1",
    "repository_owner_id": "1",
    "repository_visibility": "private",
    "ref": "refs/heads/main",
    "sha": "0" * 40,
    "base_ref": "",
    "head_ref": "",
    "actor": "",
    "actor_id": "1",
    "event_name": "push",
    "workflow": "",
    "workflow_ref": "",
    "job_workflow_ref": "",
    "environment": "",
    "run_id": "1",
    "run_number": "1",
    "run_attempt": "1",
    "runner_environment": "github-hosted",
}
_IMMUTABLE: Final = "immutable_subject"


@dataclass(frozen=True)
class Job:
    """A job of a workflow run that may ask for tokens."""

    texts: Mapping[str, str]
    has_immutable_subject: bool = False
    """Whether the repository's ``sub`` names the ids of owner and repository beside their names."""

    @classmethod
    def parse(cls, document: Any) -> Job:
        """Read the description of a job.

        Raises:
            AwsError: ValidationException, with the name that is wrong.
        """
        if not isinstance(document, dict):
            raise _invalid("the description of a job must be a JSON object")
        unknown = sorted(set(document) - {*_TEXTS, _IMMUTABLE})
        if unknown:
            allowed = ", ".join([*_TEXTS, _IMMUTABLE])
            raise _invalid(f"a job has no {unknown[0]!r}; allowed are {allowed}")
        immutable = document.get(_IMMUTABLE, False)
        if not isinstance(immutable, bool):
            raise _invalid(f"{_IMMUTABLE} is {immutable!r}, but must be true or false")
        texts = {name: document.get(name, default) for name, default in _TEXTS.items()}
        for name, value in texts.items():
            if not isinstance(value, str):
                raise _invalid(f"{name} is {value!r}, but must be a text")
        if texts["repository"].count("/") != 1:
            raise _invalid(f"repository is {texts['repository']!r}, but must be OWNER/NAME")
        return cls(texts, immutable)

    @property
    def owner(self) -> str:
        """The owner of the repository."""
        return self.texts["repository"].partition("/")[0]

    @property
    def subject(self) -> str:
        """The claim ``sub``: an environment comes before the event, and the event before the ref."""
        owner, _, name = self.texts["repository"].partition("/")
        repository = f"{owner}/{name}"
        if self.has_immutable_subject:
            ids = self.texts["repository_owner_id"], self.texts["repository_id"]
            repository = f"{owner}@{ids[0]}/{name}@{ids[1]}"
        if self.texts["environment"]:
            # A colon separates the parts of the subject, so that of a name is encoded.
            context = f"environment:{quote(self.texts['environment'], safe='/ ')}"
        elif self.texts["event_name"] == "pull_request":
            context = "pull_request"
        else:
            context = f"ref:{self.texts['ref']}"
        return f"repo:{repository}:{context}"

    def claims(self) -> dict[str, Any]:
        """What describes the job. An environment is only in the token of a job that has one."""
        texts = {k: v for k, v in self.texts.items() if v or k != "environment"}
        return {
            **texts,
            "sub": self.subject,
            "repository_owner": self.owner,
            "ref_type": "tag" if self.texts["ref"].startswith("refs/tags/") else "branch",
            "workflow_sha": self.texts["sha"],
            "job_workflow_sha": self.texts["sha"],
        }


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
