"""The build specification: YAML of version 0.1 or 0.2, checked as AWS checks it (build-spec-ref)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from localaws.services.codebuild.errors import PhaseError

PHASE_NAMES: Final = ("install", "pre_build", "build", "post_build")
_ON_FAILURE = re.compile(r"(ABORT|CONTINUE|RETRY)(?:-(\d+))?(?:-(.+))?")
_DEFAULT_RETRIES = 3
_FORMATS: Final = {"JUNITXML": "TEST", "COBERTURAXML": "CODE_COVERAGE"}
_OTHER_FORMATS: Final = (
    "CUCUMBERJSON", "NUNITXML", "NUNIT3XML", "TESTNGXML", "VISUALSTUDIOTRX", "JACOCOXML", "SIMPLECOV",
    "CLOVERXML",
)  # fmt: skip
_MAX_REPORT_GROUPS = 5


@dataclass(frozen=True)
class OnFailure:
    """What follows when a phase fails."""

    action: str = ""
    """ABORT, CONTINUE, RETRY, or empty for the default of the phase."""
    retries: int = 0
    pattern: str = ""
    """A regular expression on the error message; a retry needs a match."""


@dataclass(frozen=True)
class PhaseSpec:
    """One phase with its commands."""

    commands: tuple[str, ...] = ()
    finally_commands: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure()
    run_as: str = ""


@dataclass(frozen=True)
class ArtifactSpec:
    """Files to be uploaded."""

    files: tuple[str, ...] = ()
    base_directory: str = ""
    exclude_paths: tuple[str, ...] = ()
    discard_paths: bool = False
    name: str = ""
    enable_symlinks: bool = False


@dataclass(frozen=True)
class ReportSpec:
    """Report files of one group."""

    group: str
    files: tuple[str, ...]
    base_directory: str
    file_format: str
    discard_paths: bool = False

    @property
    def kind(self) -> str:
        """The type of its report group."""
        return _FORMATS[self.file_format]


@dataclass(frozen=True)
class CacheSpec:
    """What is kept from one build to the next."""

    paths: tuple[str, ...] = ()
    key: str = ""
    fallback_keys: tuple[str, ...] = ()
    action: str = ""


@dataclass(frozen=True)
class Buildspec:
    """A build specification."""

    version: str
    run_as: str = ""
    shell: str = "sh"
    variables: dict[str, str] = field(default_factory=dict)
    parameter_store: dict[str, str] = field(default_factory=dict)
    secrets_manager: dict[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    git_credential_helper: bool = False
    phases: dict[str, PhaseSpec] = field(default_factory=dict)
    runtime_versions: dict[str, str] = field(default_factory=dict)
    artifacts: ArtifactSpec | None = None
    secondary_artifacts: dict[str, ArtifactSpec] = field(default_factory=dict)
    reports: tuple[ReportSpec, ...] = ()
    cache: CacheSpec = CacheSpec()

    def phase(self, name: str) -> PhaseSpec:
        """A phase by its name in the build specification."""
        return self.phases.get(name, PhaseSpec())


def parse(text: str) -> Buildspec:
    """A build specification from its text.

    Raises:
        PhaseError: YAML_FILE_ERROR, which fails DOWNLOAD_SOURCE.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        # Every scalar as its text: AWS keeps the value 1.10 of a variable as it is written.
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes text, lists and maps
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _error(f"{error.problem} at line {line}") from error
    except yaml.YAMLError as error:
        raise _error(str(error)) from error
    if not isinstance(document, dict) or not isinstance(root, yaml.MappingNode):
        raise _error("wrong number of container tags, expected 1")
    version = document.get("version", "")
    if version not in ("0.1", "0.2"):
        raise _error(f"invalid buildspec `version` specified: {version}, see documentation")
    env = _mapping(document, "env")
    if "phases" not in document:
        raise _error("the buildspec has no phases: add at least one of " + ", ".join(PHASE_NAMES))
    phases = _mapping(document, "phases")
    _check_phases(phases, root)
    artifacts = _mapping(document, "artifacts")
    secondary = _mapping(artifacts, "secondary-artifacts")
    return Buildspec(
        version=version,
        run_as=_text(document, "run-as"),
        shell=_shell(env),
        variables=_texts(env, "variables"),
        parameter_store=_texts(env, "parameter-store"),
        secrets_manager=_texts(env, "secrets-manager"),
        exported=_strings(env, "exported-variables"),
        git_credential_helper=_flag(env, "git-credential-helper"),
        phases={name: _phase(name, _mapping(phases, name)) for name in phases},
        runtime_versions=_texts(_mapping(phases, "install"), "runtime-versions"),
        artifacts=_artifact(artifacts) if artifacts.get("files") else None,
        secondary_artifacts={
            name: _artifact(_mapping(secondary, name, "secondary-artifacts.")) for name in secondary
        },
        reports=_reports(_mapping(document, "reports")),
        cache=_cache(_mapping(document, "cache")),
    )


def _error(message: str) -> PhaseError:
    return PhaseError("YAML_FILE_ERROR", message)


def _mapping(document: dict[str, Any], key: str, where: str = "") -> dict[str, Any]:
    value = document.get(key)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise _error(f"Expected {where}{key} to be of mapping type: found {_kind(value)} instead")
    return value


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "subkeys" if isinstance(value, dict) else "text"


def _text(document: dict[str, Any], key: str, default: str = "") -> str:
    value = document.get(key, default)
    if not isinstance(value, str):
        raise _error(f"Expected {key} to be of string type: found {_kind(value)} instead")
    return value


def _texts(document: dict[str, Any], key: str) -> dict[str, str]:
    return {name: _text(_mapping(document, key), name) for name in _mapping(document, key)}


def _strings(document: dict[str, Any], key: str) -> tuple[str, ...]:
    value = document.get(key) or []
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise _error(f"Expected {key} to be of list type: found {_kind(value)} instead")
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise _error(
                f"Expected {key}[{index}] to be of string type: found {_kind(item)} instead"
            )
    return tuple(value)


def _flag(document: dict[str, Any], key: str) -> bool:
    value = _text(document, key).lower()
    if value not in ("", "yes", "no", "true", "false"):
        raise _error(f"invalid value {value!r} of {key}: use yes or no")
    return value in ("yes", "true")


def _shell(env: dict[str, Any]) -> str:
    shell = _text(env, "shell", "sh")
    if shell not in ("sh", "bash", "/bin/sh", "/bin/bash"):
        raise _error(f"invalid value {shell!r} of env.shell: a Linux build runs sh or bash")
    return shell.rpartition("/")[2]


def _check_phases(phases: dict[str, Any], root: yaml.MappingNode) -> None:
    for name in phases:
        if name not in PHASE_NAMES:
            expected = ",".join(sorted(PHASE_NAMES))
            raise _error(f"Invalid buildspec phase name: {name}. Expecting: {expected}")
    for name, phase in _node_items(_node_items(root).get("phases")).items():
        members = _node_items(phase)
        if "steps" in members:
            raise _error('unsupported field "steps" in buildspec')
        for key in ("commands", "finally"):
            _check_commands(members.get(key), name)


def _node_items(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value}


def _check_commands(node: yaml.Node | None, phase: str) -> None:
    if not isinstance(node, yaml.SequenceNode):
        if isinstance(node, yaml.MappingNode):
            raise _error(f"Expected Commands of {phase} to be of list type: found subkeys instead")
        return
    for index, item in enumerate(node.value):
        if not isinstance(item, yaml.ScalarNode):
            line = item.start_mark.line + 1
            raise _error(
                f"Expected Commands[{index}] to be of string type: found subkeys instead at line {line},"
                f" value of the key tag on line {line - 1} might be empty"
            )


def _phase(name: str, document: dict[str, Any]) -> PhaseSpec:
    return PhaseSpec(
        commands=_strings(document, "commands"),
        finally_commands=_strings(document, "finally"),
        on_failure=_on_failure(name, _text(document, "on-failure")),
        run_as=_text(document, "run-as"),
    )


def _on_failure(phase: str, text: str) -> OnFailure:
    if not text:
        return OnFailure()
    found = _ON_FAILURE.fullmatch(text)
    if not found or (found[1] != "RETRY" and text != found[1]):
        raise _error(
            f"invalid value {text!r} of on-failure in phase {phase}: use ABORT, CONTINUE, RETRY, "
            "RETRY-count, RETRY-regex or RETRY-count-regex"
        )
    retries = int(found[2]) if found[2] else _DEFAULT_RETRIES
    return OnFailure(found[1], retries if found[1] == "RETRY" else 0, found[3] or "")


def _artifact(document: dict[str, Any]) -> ArtifactSpec:
    return ArtifactSpec(
        files=_strings(document, "files"),
        base_directory=_text(document, "base-directory"),
        exclude_paths=_strings(document, "exclude-paths"),
        discard_paths=_flag(document, "discard-paths"),
        name=_text(document, "name"),
        enable_symlinks=_flag(document, "enable-symlinks"),
    )


def _reports(document: dict[str, Any]) -> tuple[ReportSpec, ...]:
    if len(document) > _MAX_REPORT_GROUPS:
        raise _error(
            f"the buildspec has {len(document)} report groups: at most {_MAX_REPORT_GROUPS} are allowed"
        )
    return tuple(_report(group, _mapping(document, group, "reports.")) for group in document)


def _report(group: str, document: dict[str, Any]) -> ReportSpec:
    file_format = _text(document, "file-format", "JUNITXML").upper()
    if file_format in _OTHER_FORMATS:
        raise _error(
            f"localaws does not read reports of the format {file_format} ({group}): "
            f"use one of {', '.join(_FORMATS)}"
        )
    if file_format not in _FORMATS:
        raise _error(
            f"invalid value {file_format!r} of file-format in report group {group}: "
            f"use one of {', '.join(_FORMATS)}"
        )
    return ReportSpec(
        group,
        _strings(document, "files"),
        _text(document, "base-directory"),
        file_format,
        _flag(document, "discard-paths"),
    )


def _cache(document: dict[str, Any]) -> CacheSpec:
    return CacheSpec(
        paths=_strings(document, "paths"),
        key=_text(document, "key"),
        fallback_keys=_strings(document, "fallback-keys"),
        action=_text(document, "action"),
    )
