"""Each rule of policy/, on documents that it must refuse and on documents that it must let pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.plans.labels import WORDS
from landing_zone.plans.policy import RULES, PolicyResult, Violation, evaluate

TAGS = {"ManagedBy": "terraform", "Service": "s", "Stage": "development"}
ROOT_ARN = "arn:aws:iam::123456789012:root"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
OPEN = {
    "block_public_acls": True,
    "block_public_policy": True,
    "ignore_public_acls": True,
    "restrict_public_buckets": True,
}


def entry(
    kind: str,
    actions: list[str],
    after: Any = None,
    before: Any = None,
    unknown: Any = None,
    name: str = "this",
    mode: str = "managed",
) -> dict[str, Any]:
    return {
        "address": f"{kind}.{name}",
        "mode": mode,
        "type": kind,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown or {}},
    }  # fmt: skip


def plan(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"format_version": "1.2", "resource_changes": list(entries)}


def created(kind: str, after: Any, **options: Any) -> dict[str, Any]:
    return plan(entry(kind, ["create"], after, **options))


def policy(
    statement: dict[str, Any], kind: str = "aws_iam_role_policy", **more: Any
) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    return created(kind, {"policy": json.dumps(document), **more})


def trust(principal: Any, **more: Any) -> dict[str, Any]:
    return policy({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Principal": principal, **more},
                  "aws_s3_bucket_policy")  # fmt: skip


def read_document(**statement: Any) -> dict[str, Any]:
    content = {"effect": "Allow", "sid": "Known", "principals": [], "condition": [], "not_actions": None,
               "not_principals": [], "not_resources": None, **statement}  # fmt: skip
    return plan(
        entry("aws_iam_policy_document", ["read"], {"statement": [content]}, mode="data", name="x")
    )


REFUSED = {
    "a deleted bucket": ("destroy", plan(entry("aws_s3_bucket", ["delete"], None, {}))),
    "a replaced key": ("destroy", plan(entry("aws_kms_key", ["delete", "create"], {"tags_all": TAGS}, {}))),
    "a repository replaced the other way round": (
        "destroy", plan(entry("aws_ecr_repository", ["create", "delete"],
                              {"encryption_configuration": [{"kms_key": KEY}]}, {}))),
    "a dropped model group": (
        "destroy", plan(entry("aws_sagemaker_model_package_group", ["forget"], None, {}))),
    "everybody in a bucket policy": ("public-principal", trust("*")),
    "everybody as AWS": ("public-principal", trust({"AWS": ["*"]})),
    "a condition that narrows nothing": (
        "public-principal", trust("*", Condition={"StringLike": {"aws:SourceArn": "*"}})),
    "a condition on the transport": (
        "public-principal", trust("*", Condition={"Bool": {"aws:SecureTransport": "true"}})),
    "a list of conditions that includes all": (
        "public-principal", trust("*", Condition={"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::b", "*"]}})),
    "NotPrincipal": (
        "public-principal", policy({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
                                    "NotPrincipal": {"AWS": ROOT_ARN}}, "aws_s3_bucket_policy")),
    "a trust policy for everybody": (
        "public-principal",
        created("aws_iam_role", {"tags_all": TAGS, "assume_role_policy": json.dumps(
            {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}})})),
    "a function for everybody": ("public-principal", created("aws_lambda_permission", {"principal": "*"})),
    "a function URL without authentication": (
        "public-function-url", created("aws_lambda_function_url", {"authorization_type": "NONE"})),
    "a public ACL": ("public-acl", created("aws_s3_bucket_acl", {"acl": "public-read"})),
    "one switch off": (
        "public-access-block",
        created("aws_s3_bucket_public_access_block", {**OPEN, "block_public_policy": False})),
    "the block removed": (
        "public-access-block",
        plan(entry("aws_s3_bucket_public_access_block", ["delete"], None, {"bucket": "b"}))),
    "every action": ("wildcard-action", policy({"Action": "*", "Resource": "arn:aws:s3:::b"})),
    "a part of the actions": (
        "wildcard-action", policy({"Action": ["s3:Get*"], "Resource": "arn:aws:s3:::b"})),
    "an inline policy of a role": (
        "wildcard-action",
        created("aws_iam_role", {"tags_all": TAGS, "inline_policy": [{"name": "p", "policy": json.dumps(
            {"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:::q"}})}]})),
    "element names in another case": (
        "wildcard-action",
        created("aws_iam_policy", {"tags_all": TAGS, "policy": json.dumps(
            {"statement": [{"Effect": "Allow", "action": "*", "resource": "arn:aws:s3:::b"}]})})),
    "NotAction": ("wildcard-action", policy({"NotAction": "iam:PassRole", "Resource": "arn:aws:s3:::b"})),
    "kms:* for a user": (
        "wildcard-action", policy({"Action": "kms:*", "Resource": "*", "Principal": {
            "AWS": "arn:aws:iam::123456789012:user/ann"}}, "aws_kms_key_policy")),
    "every object": ("wildcard-resource", policy({"Action": "s3:GetObject", "Resource": "*"})),
    "an ARN of nothing but a wildcard": (
        "wildcard-resource", policy({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"})),
    "one action of two that has resources": (
        "wildcard-resource",
        policy({"Action": ["ecr:GetAuthorizationToken", "ecr:PutImage"], "Resource": "*"})),
    "NotResource": (
        "wildcard-resource", policy({"Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b"})),
    "a statement with quotation marks": (
        "wildcard-resource", policy({"Sid": 'x"}], y', "Action": "s3:GetObject", "Resource": "*"})),
    "a document that is only read in the apply": (
        "wildcard-resource", read_document(actions=["s3:GetObject"], resources=["*", None])),
    "principals of such a document": (
        "public-principal",
        read_document(actions=["s3:GetObject"], resources=["arn:aws:s3:::b/*"],
                      principals=[{"type": "*", "identifiers": ["*"]}])),
    "a log group without key": ("encryption", created("aws_cloudwatch_log_group", {"tags_all": TAGS})),
    "a topic whose key is taken away": (
        "encryption", plan(entry("aws_sns_topic", ["update"], {"kms_master_key_id": None, "tags_all": TAGS},
                                 {"kms_master_key_id": KEY}))),
    "a repository with AES256": (
        "encryption",
        created("aws_ecr_repository", {"tags_all": TAGS, "encryption_configuration": [
            {"encryption_type": "AES256", "kms_key": ""}]})),
    "a pipeline whose artifacts have no key": (
        "encryption",
        created("aws_codepipeline", {"tags_all": TAGS, "artifact_store": [{"encryption_key": []}]})),
    "variables of a function": (
        "encryption",
        created("aws_lambda_function", {"tags_all": TAGS, "environment": [{"variables": {"A": "b"}}]})),
    "a bucket with AES256": (
        "encryption",
        created("aws_s3_bucket_server_side_encryption_configuration", {"rule": [
            {"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}]}]})),
    "a bucket's encryption removed": (
        "encryption",
        plan(entry("aws_s3_bucket_server_side_encryption_configuration", ["delete"], None, {"bucket": "b"}))),
    "an access key": ("long-lived-credentials", created("aws_iam_access_key", {"user": "ann"})),
    "a user": ("long-lived-credentials", created("aws_iam_user", {"tags_all": TAGS})),
    "a password for Git": (
        "long-lived-credentials", created("aws_iam_service_specific_credential", {"user_name": "ann"})),
    "a tag that is missing": (
        "tags", created("aws_sfn_state_machine", {"tags_all": {"Service": "s", "Stage": "x"}})),
    "an empty tag": ("tags", created("aws_sfn_state_machine", {"tags_all": {**TAGS, "Service": ""}})),
}  # fmt: skip

ALLOWED = {
    "a new bucket": created("aws_s3_bucket", {"tags_all": TAGS}),
    "a changed bucket": plan(entry("aws_s3_bucket", ["update"], {"tags_all": TAGS}, {})),
    "a deleted role": plan(entry("aws_iam_role", ["delete"], None, {})),
    "an untouched bucket": plan(entry("aws_s3_bucket", ["no-op"], {}, {})),
    "a service as principal": trust({"Service": "sns.amazonaws.com"}),
    "everybody of an organisation": trust("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    "everybody denied": policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"},
                               "aws_s3_bucket_policy"),
    "a function for a service": created("aws_lambda_permission", {"principal": "s3.amazonaws.com"}),
    "a function for everybody with an account": created(
        "aws_lambda_permission", {"principal": "*", "source_account": "123456789012"}),
    "a function for everybody with an ARN that is not known yet": created(
        "aws_lambda_permission", {"principal": "*"}, unknown={"source_arn": True}),
    "all switches on": created("aws_s3_bucket_public_access_block", OPEN),
    "the block removed with its bucket's predecessor": plan(
        entry("aws_s3_bucket_public_access_block", ["delete", "create"], OPEN, {"bucket": "b"})),
    "named actions on named resources": policy({"Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::b/*"}),
    "an action without resources": policy({"Action": "ecr:GetAuthorizationToken", "Resource": "*"}),
    "the same in capitals": policy({"Action": "ECR:getauthorizationtoken", "Resource": "*"}),
    "kms:* for the account": policy({"Action": "kms:*", "Resource": "*", "Principal": {"AWS": ROOT_ARN}},
                                    "aws_kms_key_policy"),
    "a lifecycle policy is no IAM policy": created(
        "aws_ecr_lifecycle_policy", {"policy": json.dumps({"rules": [{"action": {"type": "expire"}}]})}),
    "a document of which only a part is known": read_document(
        actions=["s3:GetObject"], resources=[None]),
    "a log group whose key is not known yet": created(
        "aws_cloudwatch_log_group", {"tags_all": TAGS}, unknown={"kms_key_id": True}),
    "a repository whose block is not known yet": created(
        "aws_ecr_repository", {"tags_all": TAGS}, unknown={"encryption_configuration": True}),
    "a function without variables": created("aws_lambda_function", {"tags_all": TAGS, "environment": []}),
    "a bucket with our key": created("aws_s3_bucket_server_side_encryption_configuration", {"rule": [
        {"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}]}),
    "a removed access key": plan(entry("aws_iam_access_key", ["delete"], None, {"user": "ann"})),
    "a role": created("aws_iam_role", {"tags_all": TAGS}),
    "tags that are not known yet": created(
        "aws_sfn_state_machine", {"tags_all": {}}, unknown={"tags_all": True}),
    "a resource without tags": created("aws_kms_alias", {"name": "alias/x"}),
}  # fmt: skip


def joined(documents: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One plan with the resources of all of them, since one evaluation takes as long as another."""
    return plan(
        *(
            {**one, "address": f"module.case[{number}].{one['address']}"}
            for number, document in enumerate(documents)
            for one in document["resource_changes"]
        )
    )


@cache
def refused() -> PolicyResult:
    return evaluate(joined(document for _, document in REFUSED.values()), [])


@cache
def refused_with_labels() -> PolicyResult:
    labels = [one.label for one in refused().violations]
    return evaluate(joined(document for _, document in REFUSED.values()), labels)


@cache
def let_pass() -> PolicyResult:
    return evaluate(joined(ALLOWED.values()), [])


def of(case: int, found: Iterable[Violation]) -> list[Violation]:
    return [one for one in found if one.address.startswith(f"module.case[{case}].")]


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_address_and_label(name: str) -> None:
    rule, document = REFUSED[name]
    case = list(REFUSED).index(name)

    found = of(case, refused().violations)

    address = f"module.case[{case}].{document['resource_changes'][0]['address']}"
    assert [(one.rule, one.address) for one in found] == [(rule, address)]
    assert re.fullmatch(rf"{rule}: {re.escape(address)}: .+\. Allowed: .+", found[0].message)
    assert found[0].label in found[0].message


@pytest.mark.parametrize("name", REFUSED)
def test_its_label_allows_it(name: str) -> None:
    case = list(REFUSED).index(name)

    assert of(case, refused_with_labels().violations) == []
    assert of(case, refused_with_labels().allowed) == of(case, refused().violations)


@pytest.mark.parametrize("name", ALLOWED)
def test_it_is_not_refused(name: str) -> None:
    assert of(list(ALLOWED).index(name), let_pass().violations) == []


def test_every_rule_has_a_case_and_a_row_in_the_documentation() -> None:
    code = "".join(path.read_text() for path in RULES.glob("*.rego"))
    rules = dict(re.findall(r'plan\.finding\("([a-z-]+)", "([a-z-]+)"', code))
    page = (ROOT / "docs/policy.md").read_text()

    assert {rule for rule, _ in REFUSED.values()} == set(rules)
    assert set(rules.values()) == set(WORDS)
    assert [rule for rule, word in rules.items() if f"| `{rule}` | `{word}" not in page] == []


def test_a_label_counts_for_its_address_alone() -> None:
    document = plan(entry("aws_s3_bucket", ["delete"], None, {}, name='this["source"]'),
                    entry("aws_s3_bucket", ["delete"], None, {}, name='this["artifact"]'))  # fmt: skip

    result = evaluate(
        document, ['allow-destroy:aws_s3_bucket.this["source"]', "allow-destroy:other"]
    )

    assert [one.address for one in result.violations] == ['aws_s3_bucket.this["artifact"]']
    assert [one.address for one in result.allowed] == ['aws_s3_bucket.this["source"]']
    assert result.warnings == ("the label allow-destroy:other allows nothing in this plan",)


def test_the_message_names_what_was_found() -> None:
    document = plan(entry("aws_sns_topic", ["update"], {"kms_master_key_id": "", "tags_all": TAGS},
                          {"kms_master_key_id": KEY}))  # fmt: skip

    assert [str(one) for one in evaluate(document, []).violations] == [
        f"encryption: aws_sns_topic.this: kms_master_key_id names no KMS key (now: {KEY}). Allowed: the ARN "
        "of a KMS key of the account. If this is meant, the label allow-unencrypted:aws_sns_topic.this "
        "allows it once"
    ]


def test_an_error_in_a_rule_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.rego").write_text(
        "package main\n\nimport rego.v1\n\ndeny contains x if {\n"
    )

    with pytest.raises(OperatorError, match="cannot be evaluated"):
        evaluate(plan(), [], tmp_path)


def test_a_folder_without_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="holds no rules"):
        evaluate(plan(), [], tmp_path)


@pytest.mark.parametrize("document", [{}, {"format_version": "2.0"}, {**plan(), "errored": True}])
def test_what_is_no_finished_plan_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(OperatorError):
        evaluate(document, [])
