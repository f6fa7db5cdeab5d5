"""The message of the commit that is planned: its trailers may allow what the policy refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from landing_zone.core.aws import Clients
from landing_zone.core.git import Git


def commit_messages(aws: Clients, environ: Mapping[str, str], root: Path) -> list[str]:
    """The messages of the commit, and of what it merges where the history is there."""
    if (root / ".git").exists():
        return _of_git(root, environ.get("GIT_COMMIT") or "HEAD")
    initiator, execution = (
        environ.get("CODEBUILD_INITIATOR", ""),
        environ.get("PIPELINE_EXECUTION_ID"),
    )
    if initiator.startswith("codepipeline/") and execution:
        return _of_pipeline(aws, initiator.removeprefix("codepipeline/"), execution)
    return []


def _of_git(root: Path, commit: str) -> list[str]:
    # Of a merge commit, everything that came with it; a commit without a parent stands alone.
    for span in (f"{commit}^1..{commit}", commit):
        done = Git(root).call("log", "--format=%B%x00", span, "--")
        if done.returncode == 0:
            return [message.strip() for message in done.stdout.split("\0") if message.strip()]
    return []


def _of_pipeline(aws: Clients, pipeline: str, execution: str) -> list[str]:
    """From the run itself: the text would have to be quoted to be passed in a variable."""
    found = aws.client("codepipeline").get_pipeline_execution(
        pipelineName=pipeline, pipelineExecutionId=execution
    )
    revisions = found["pipelineExecution"].get("artifactRevisions", [])
    return [_text(revision.get("revisionSummary", "")) for revision in revisions]


def _text(summary: str) -> str:
    """Of a connection the summary is a JSON object with the message in it."""
    try:
        document = json.loads(summary)
    except ValueError:
        return summary
    return str(document.get("CommitMessage", "")) if isinstance(document, dict) else summary
