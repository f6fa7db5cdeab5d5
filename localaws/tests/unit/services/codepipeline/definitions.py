"""Parts of definitions: builds, sources in Git, triggers and conditions. fakes.py has the other actions."""

from __future__ import annotations

from typing import Any

from unit.services.codepipeline.fake_git import CONNECTION
from unit.services.codepipeline.fakes import action, pipeline

Document = dict[str, Any]


def build(name: str = "Build", order: int = 1, category: str = "Build", **members: Any) -> Document:
    configuration = {"ProjectName": "project"} | members.pop("configuration", {})
    members = {"inputs": ["Src"]} | members
    return action(name, "CodeBuild", category, order, configuration=configuration, **members)


def connection_source(name: str = "Git", **members: Any) -> Document:
    configuration = {
        "ConnectionArn": CONNECTION,
        "FullRepositoryId": "octo/demo",
        "BranchName": "main",
    } | members.pop("configuration", {})
    members = {"outputs": ["Src"], "namespace": "Source"} | members
    return action(
        name, "CodeStarSourceConnection", "Source", configuration=configuration, **members
    )


def codecommit_source(name: str = "Git", **members: Any) -> Document:
    configuration = {
        "RepositoryName": "code",
        "BranchName": "main",
        "PollForSourceChanges": "false",
    } | members.pop("configuration", {})
    members = {"outputs": ["Src"], "namespace": "Source"} | members
    return action(name, "CodeCommit", "Source", configuration=configuration, **members)


def git_pipeline(
    *stages: list[Document], source: Document | None = None, **members: Any
) -> Document:
    """A pipeline with a source in Git."""
    definition = pipeline(*stages, **members)
    definition["stages"][0]["actions"] = [source or connection_source()]
    return definition


def trigger(source_action: str = "Git", **filters: list[Document]) -> Document:
    return {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": source_action, **filters},
    }


def rule(name: str, provider: str, **configuration: str) -> Document:
    return {
        "name": name,
        "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
    }


def check(
    name: str = "Check",
    variable: str = "#{codepipeline.PipelineExecutionId}",
    value: str = "x",
    operator: str = "EQ",
) -> Document:
    return rule(name, "VariableCheck", Operator=operator, Variable=variable, Value=value)


def condition(result: str | None, *rules: Document) -> Document:
    given: Document = {"rules": list(rules) or [check()]}
    return {"conditions": [given | ({"result": result} if result else {})]}
