"""The build specification, and the messages of AWS for what is wrong in it."""

import pytest

from localaws.services.codebuild.buildspec import OnFailure, parse
from localaws.services.codebuild.errors import PhaseError

PHASES = "phases: {build: {commands: [make]}}"


def test_everything_that_a_build_uses():
    spec = parse(
        """version: 0.2
run-as: root
env:
  shell: bash
  variables: {NUMBER: 1.10, FLAG: yes}
  parameter-store: {A: /a}
  secrets-manager: {B: "b:c"}
  exported-variables: [NUMBER]
  git-credential-helper: yes
phases:
  install: {runtime-versions: {python: 3.11}, commands: [one]}
  build:
    on-failure: RETRY-2-timeout.*
    commands:
      - echo yes
      - |
        several
        lines
    finally: [last]
artifacts: {files: ["**/*"], discard-paths: yes, secondary-artifacts: {Extra: {files: x}}}
reports: {unit: {files: ["*.xml"]}}
cache: {paths: [a], key: k, fallback-keys: [f]}
"""
    )
    assert spec.variables == {"NUMBER": "1.10", "FLAG": "yes"}
    assert spec.runtime_versions == {"python": "3.11"}
    assert spec.phase("build").commands == ("echo yes", "several\nlines\n")
    assert spec.phase("build").finally_commands == ("last",)
    assert spec.phase("build").on_failure == OnFailure("RETRY", 2, "timeout.*")
    assert spec.phase("post_build").commands == ()
    assert spec.artifacts and spec.artifacts.discard_paths
    assert spec.secondary_artifacts["Extra"].files == ("x",)
    assert spec.reports[0].kind == "TEST"
    assert spec.cache.fallback_keys == ("f",)
    assert (spec.shell, spec.git_credential_helper) == ("bash", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wrong number of container tags, expected 1"),
        (
            "version: 1.0\n" + PHASES,
            "invalid buildspec `version` specified: 1.0, see documentation",
        ),
        (PHASES, "invalid buildspec `version` specified: , see documentation"),
        (
            "version: 0.2\nphases: {artifacts: {}}",
            "Invalid buildspec phase name: artifacts. Expecting: build,install,post_build,pre_build",
        ),
        (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - echo a: b\n",
            "Expected Commands[0] to be of string type: found subkeys instead at line 5, value of the key "
            "tag on line 4 might be empty",
        ),
        (
            "version: 0.2\nphases: {build: {steps: []}}",
            'unsupported field "steps" in buildspec',
        ),
        ("version: 0.2\na: [1\nb: 2", "at line"),
        ("version: 0.2\n" + PHASES + "\nreports: {a: {file-format: NUNITXML}}", "NUNITXML"),
        (
            "version: 0.2\n" + PHASES + "\nreports: {a: {}, b: {}, c: {}, d: {}, e: {}, f: {}}",
            "at most 5",
        ),
        ("version: 0.2\nphases: {build: {on-failure: IGNORE}}", "on-failure"),
        ("version: 0.2\nphases: {build: {on-failure: ABORT-2}}", "on-failure"),
        ("version: 0.2\nenv: {shell: zsh}\n" + PHASES, "env.shell"),
    ],
)
def test_what_is_wrong_is_a_yaml_file_error(text, message):
    with pytest.raises(PhaseError) as refusal:
        parse(text)
    assert refusal.value.code == "YAML_FILE_ERROR"
    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABORT", OnFailure("ABORT")),
        ("CONTINUE", OnFailure("CONTINUE")),
        ("RETRY", OnFailure("RETRY", 3)),
        ("RETRY-5", OnFailure("RETRY", 5)),
        ("RETRY-net.*", OnFailure("RETRY", 3, "net.*")),
    ],
)
def test_on_failure(text, expected):
    spec = parse(f"version: 0.2\nphases: {{build: {{on-failure: '{text}'}}}}")
    assert spec.phase("build").on_failure == expected
