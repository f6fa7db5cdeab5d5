"""What is in this checkout: the manifest, the use cases, the built job code."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from landing_zone.core.errors import OperatorError
from landing_zone.core.git import Git
from landing_zone.core.manifest import Key
from landing_zone.core.names import MANIFEST_KEY
from landing_zone.core.settings import ROOT, Settings

# The file with the version of the job code: in build/code/, and below code/{CodeVersion}/ in S3.
CODE_VERSION = "CODE_VERSION"
# Which commit a tree without .git is: our own variable, CodeBuild's, that of GitHub Actions.
COMMIT_VARIABLES = ("GIT_COMMIT", "CODEBUILD_RESOLVED_SOURCE_VERSION", "GITHUB_SHA")


@dataclass(frozen=True)
class UseCase:
    """The part of a use case that the scripts use: its columns and its sample files."""

    target: str
    features: tuple[str, ...]
    training_sample: Path
    inference_sample: Path


def read_manifest(root: Path = ROOT) -> dict[str, Any]:
    """config/manifest.json as Git has it."""
    path = root / MANIFEST_KEY
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OperatorError(f"{path} cannot be read: {error}") from error
    if not isinstance(manifest, dict):
        raise OperatorError(f"{path} holds a {type(manifest).__name__}, not a JSON object")
    return manifest


def manifest_to_upload(settings: Settings, code_version: str, root: Path = ROOT) -> bytes:
    """The manifest with the version of the code, the commit, and the settings that override it."""
    manifest = {**read_manifest(root), **overrides(settings, root), Key.CODE_VERSION: code_version}
    if Key.GIT_COMMIT in manifest:
        manifest[Key.GIT_COMMIT] = git_commit(root)
    return (json.dumps(manifest, indent=2) + "\n").encode()


def overrides(settings: Settings, root: Path = ROOT) -> dict[str, str]:
    """The manifest keys that USE_CASE, ENDPOINT_TYPE and IMAGE_TAG override, in an upload or for one run."""
    if settings.use_case:
        # An unknown name fails here, not in a run.
        read_use_case(settings.use_case, root)
    chosen = {
        Key.USE_CASE: settings.use_case,
        Key.ENDPOINT_TYPE: settings.endpoint_type,
        Key.IMAGE_TAG: settings.image_tag,
    }
    return {key.value: value for key, value in chosen.items() if value}


def use_case_to_run(settings: Settings) -> str:
    """The name of the use case: that of the settings, else that of the manifest."""
    return str({**read_manifest(), **overrides(settings)}[Key.USE_CASE])


def without_commit(manifest: bytes) -> bytes:
    """The manifest without the commit: a commit that changes nothing else must not start a run."""
    content = json.loads(manifest)
    content.pop(Key.GIT_COMMIT, None)
    return json.dumps(content).encode()


def git_commit(root: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The commit of this checkout, with -dirty when files differ from it.

    A tree without .git, such as that of a build, is the commit that the environment names.
    """
    if not (root / ".git").exists():
        return next((environ[name] for name in COMMIT_VARIABLES if environ.get(name)), "")
    try:
        commit = Git(root).run("rev-parse", "HEAD")
        changed = Git(root).run("status", "--porcelain", "--untracked-files=no")
    except (OSError, OperatorError):
        return ""
    return f"{commit}-dirty" if changed else commit


def git_untracked(root: Path, *paths: str) -> list[str]:
    """The files below these paths that Git neither has nor ignores; none outside of Git."""
    found = Git(root).find("ls-files", "--others", "--exclude-standard", "--", *paths)
    return found.splitlines()


def git_remote(root: Path) -> str:
    """The URL of the remote origin without credentials; empty where there is none."""
    url = Git(root).find("remote", "get-url", "origin")
    return re.sub(r"^(\w+://)[^@/]*@", r"\1", url)


def read_use_case(name: str, root: Path = ROOT) -> UseCase:
    """config/use_cases/{name}.yaml."""
    path = root / f"config/use_cases/{name}.yaml"
    content = read_use_case_document(name, root)
    try:
        sample = content.get("sample") or {}
        return UseCase(
            target=content["target"],
            features=tuple(
                column["name"]
                for column in content["columns"]
                if column["name"] != content["target"]
            ),
            training_sample=root / sample.get("training", ""),
            inference_sample=root / sample.get("inference", ""),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise OperatorError(
            f"{path} is no use case: {error!r}. config/use_case.schema.json describes one"
        ) from error


def use_case_names(root: Path = ROOT) -> list[str]:
    """The use cases of this checkout."""
    return sorted(file.stem for file in (root / "config/use_cases").glob("*.yaml"))


def read_use_case_document(name: str, root: Path = ROOT) -> dict[str, Any]:
    """The same with all its keys."""
    path = root / f"config/use_cases/{name}.yaml"
    if name not in use_case_names(root):
        raise OperatorError(
            f"use case {name!r} does not exist; allowed: {', '.join(use_case_names(root))}. Add "
            f"{path.relative_to(root)} for your own (docs/use-cases.md)"
        )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise OperatorError(
            f"{path} is no use case: {error!r}. config/use_case.schema.json describes one"
        ) from error
    if not isinstance(content, dict):
        raise OperatorError(
            f"{path} is no use case: it holds a {type(content).__name__}. config/use_case.schema.json "
            "describes one"
        )
    return content


def built_code(root: Path = ROOT) -> tuple[str, dict[str, Path]]:
    """The version of the built job code, and its files by their name below code/{version}/."""
    folder = root / "build/code"
    version = folder / CODE_VERSION
    if not version.is_file():
        raise OperatorError(f"{folder} holds no built code: run `make package`")
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != version and not path.name.startswith(".")
    }
    return version.read_text(encoding="utf-8").strip(), files
