"""Conditions and rules in the shapes of the API's answers."""

from __future__ import annotations

from localaws.services.codepipeline import action_views, console
from localaws.services.codepipeline.action_types import RULES
from localaws.services.codepipeline.action_views import Document, given
from localaws.services.codepipeline.declaration import HOOKS, ActionDeclaration, ConditionType
from localaws.services.codepipeline.models import ActionExecution, ConditionRun, Pipeline

_RULE_NUMBERS = frozenset({"WaitTime"})


def condition_states(pipeline: Pipeline, stage_name: str, region: str) -> Document:
    """The conditions of a stage in GetPipelineState: ``beforeEntryConditionState`` and so on."""
    stage = pipeline.declaration.stage(stage_name)
    assert stage is not None
    run = pipeline.latest_runs.get(stage_name)
    states: Document = {}
    for hook, kind in HOOKS.items():
        declared = stage.condition(ConditionType(kind))
        if declared is None:
            continue
        checked = run.conditions.get(ConditionType(kind)) if run else None
        rules = {rule.declaration.name: rule for rule in checked.rules} if checked else {}
        states[f"{hook}ConditionState"] = given(
            {
                "latestExecution": {"status": checked.status.value} if checked else None,
                "conditionStates": [
                    given(
                        {
                            "latestExecution": checked and _condition_execution(checked),
                            "ruleStates": [
                                _rule_state(rule, rules.get(rule.name), region)
                                for rule in declared.rules
                            ],
                        }
                    )
                ],
            }
        )
    return states


def rule_execution(rule: ActionExecution, region: str) -> Document:
    """One entry of ListRuleExecutions: an action execution without outputs of its own."""
    shown = action_views.action_execution(rule, region)
    shown["ruleExecutionId"] = shown.pop("actionExecutionId")
    shown["ruleName"] = shown.pop("actionName")
    shown["input"]["ruleTypeId"] = shown["input"].pop("actionTypeId")
    shown["input"].pop("namespace", None)
    shown["output"] = {"executionResult": shown["output"]["executionResult"]}
    return shown


def rule_types() -> list[Document]:
    """ListRuleTypes: the rules that run here."""
    return [
        {
            "id": {
                "category": rule.id.category,
                "owner": rule.id.owner,
                "provider": rule.id.provider,
                "version": rule.id.version,
            },
            "settings": {},
            "ruleConfigurationProperties": [
                {
                    "name": key,
                    "required": key in rule.required,
                    "key": True,
                    "secret": False,
                    "queryable": False,
                    "type": "Number" if key in _RULE_NUMBERS else "String",
                }
                for key in sorted(rule.required | rule.optional)
            ],
            "inputArtifactDetails": {
                "minimumCount": rule.inputs[0],
                "maximumCount": rule.inputs[1],
            },
        }
        for rule in RULES.values()
    ]


def _condition_execution(condition: ConditionRun) -> Document:
    messages = [rule.error.message for rule in condition.rules if rule.error]
    return given(
        {
            "status": condition.status.value,
            "summary": "; ".join(messages)[:2048] or None,
            "lastStatusChange": condition.updated,
        }
    )


def _rule_state(
    declaration: ActionDeclaration, rule: ActionExecution | None, region: str
) -> Document:
    page = RULES[declaration.type].entity_page
    return given(
        {
            "ruleName": declaration.name,
            "latestExecution": rule and _latest_rule(rule),
            "entityUrl": console.entity(region, page, declaration.configuration),
        }
    )


def _latest_rule(rule: ActionExecution) -> Document:
    return given(
        {
            "ruleExecutionId": rule.id,
            "status": rule.status.value,
            "summary": rule.summary or None,
            "lastStatusChange": rule.updated,
            "lastUpdatedBy": rule.updated_by,
            "externalExecutionId": rule.external_id,
            "externalExecutionUrl": rule.external_url,
            "errorDetails": action_views.error_details(rule.error),
        }
    )
