"""What AWS checks besides the operation itself: keys of other services, passed roles, tags, log delivery.

Each rule names the page of AWS that it follows. Where a page does not say whose permission is checked, the
rule takes the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from localaws.core.call import Call
from localaws.core.context import ACCOUNT_ID
from localaws.services.iam import catalog, service_effects, stores
from localaws.services.iam.authorization import Authorization, Kind
from localaws.services.iam.identities import role_principal
from localaws.services.iam.operations import Operation
from localaws.services.iam.principals import Principal, service
from localaws.services.iam.s3_requests import Place, place_of

_DOCS: Final = "https://docs.aws.amazon.com"
_S3_KMS: Final = f"{_DOCS}/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_SNS_KMS: Final = f"{_DOCS}/sns/latest/dg/sns-key-management.html"
_SQS_KMS: Final = f"{_DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
_LOGS_KMS: Final = f"{_DOCS}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_PASS_ROLE: Final = f"{_DOCS}/IAM/latest/UserGuide/id_roles_use_passrole.html"
_STATES_LOGS: Final = f"{_DOCS}/step-functions/latest/dg/cw-logs.html"
_STATES_SYNC: Final = f"{_DOCS}/step-functions/latest/dg/connect-sagemaker.html"
_REFERENCE: Final = f"{_DOCS}/service-authorization/latest/reference/"

# By service and operation, where the request names a role, and the service that will have it.
_PASSED: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("codebuild", "CreateProject"): ("serviceRole", "codebuild.amazonaws.com"),
    ("codebuild", "UpdateProject"): ("serviceRole", "codebuild.amazonaws.com"),
    ("codepipeline", "CreatePipeline"): ("pipeline.roleArn", "codepipeline.amazonaws.com"),
    ("codepipeline", "UpdatePipeline"): ("pipeline.roleArn", "codepipeline.amazonaws.com"),
    ("events", "PutRule"): ("RoleArn", "events.amazonaws.com"),
    ("events", "PutTargets"): ("Targets.RoleArn", "events.amazonaws.com"),
    ("lambda", "CreateFunction"): ("Role", "lambda.amazonaws.com"),
    ("lambda", "UpdateFunctionConfiguration"): ("Role", "lambda.amazonaws.com"),
    ("sagemaker", "CreateModel"): ("ExecutionRoleArn", "sagemaker.amazonaws.com"),
    ("sagemaker", "CreateProcessingJob"): ("RoleArn", "sagemaker.amazonaws.com"),
    ("sagemaker", "CreateTrainingJob"): ("RoleArn", "sagemaker.amazonaws.com"),
    ("scheduler", "CreateSchedule"): ("Target.RoleArn", "scheduler.amazonaws.com"),
    ("scheduler", "UpdateSchedule"): ("Target.RoleArn", "scheduler.amazonaws.com"),
    ("states", "CreateStateMachine"): ("roleArn", "states.amazonaws.com"),
    ("states", "UpdateStateMachine"): ("roleArn", "states.amazonaws.com"),
}
# What a request with tags needs besides, where the reference does not list it as a dependent action.
_TAGGING: Final[Mapping[tuple[str, str], str]] = {
    ("cloudwatch", "PutMetricAlarm"): "cloudwatch:TagResource",
    ("codepipeline", "CreatePipeline"): "codepipeline:TagResource",
    ("events", "PutRule"): "events:TagResource",
    ("iam", "CreatePolicy"): "iam:TagPolicy",
    ("iam", "CreateRole"): "iam:TagRole",
    ("lambda", "CreateFunction"): "lambda:TagResource",
    ("logs", "CreateLogGroup"): "logs:TagResource",
    ("sns", "CreateTopic"): "sns:TagResource",
    ("ssm", "PutParameter"): "ssm:AddTagsToResource",
    ("states", "CreateStateMachine"): "states:TagResource",
}
_LOG_DELIVERY: Final = (
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
    "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
)  # fmt: skip
# By the action of a .sync task, the jobs that the managed rule of EventBridge is named after.
_MANAGED_RULES: Final = {
    "createProcessingJob.sync": "ProcessingJobs",
    "createTrainingJob.sync": "TrainingJobs",
    "createTransformJob.sync": "TransformJobs",
}


def implied(
    call: Call, operation: Operation | None, needed: Sequence[Authorization]
) -> Iterator[Authorization]:
    """The authorizations that a request needs besides its own.

    Args:
        call: the request.
        operation: what it calls; None for S3.
        needed: the authorizations of the operation itself.
    """
    if operation is None:
        for item in needed:
            yield from _s3_key(call, item)
        return
    yield from _passed_roles(operation, needed)
    yield from _tags(operation, needed)
    for rules in (_RULES, service_effects.RULES):
        rule = rules.get((operation.service, operation.name))
        if rule is not None:
            yield from rule(operation)


def _s3_key(call: Call, needed: Authorization) -> Iterator[Authorization]:
    place = Place(*needed.resource.removeprefix("arn:aws:s3:::").partition("/")[::2])
    if call.method == "GET" and needed.action in {"s3:GetObject", "s3:GetObjectVersion"}:
        key = _object_key(place, call.query.get("versionId"))
        actions = ["kms:Decrypt"]
    elif "x-amz-copy-source" in call.headers and needed.action.startswith("s3:GetObject"):
        key, actions = _object_key(place, None), ["kms:Decrypt"]
    elif needed.action == "s3:PutObject":
        key = _new_object_key(call, place_of(call))
        # The parts of an upload are encrypted with one data key, which S3 decrypts for each part.
        actions = ["kms:GenerateDataKey", *(["kms:Decrypt"] if "uploadId" in call.query else [])]
    else:
        return
    arn = stores.key_arn(key, call.region) if key else ""
    if not arn:
        return
    bucket = _bucket(place)
    has_bucket_key = bool(
        bucket is not None and _default_encryption(bucket).get("BucketKeyEnabled")
    )
    context = place.bucket_arn if has_bucket_key else place.object_arn
    for action in actions:
        yield _key_use(action, arn, f"s3.{call.region}", _S3_KMS, {"aws:s3:arn": context})


def _object_key(place: Place, version: str | None) -> str:
    from moto.s3.models import s3_backends

    bucket = _bucket(place)
    if bucket is None or not place.key:
        return ""
    found = s3_backends[ACCOUNT_ID]["aws"].head_object(bucket.name, place.key, version)
    return str(getattr(found, "kms_key_id", None) or "")


def _new_object_key(call: Call, place: Place) -> str:
    """The key of an object that is written: that of the request, otherwise the default of the bucket."""
    algorithm = call.headers.get("x-amz-server-side-encryption", "")
    if algorithm and algorithm != "aws:kms":
        return ""
    given = call.headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
    bucket = _bucket(place)
    if given or bucket is None:
        return given
    rule = _default_encryption(bucket).get("ApplyServerSideEncryptionByDefault") or {}
    return str(rule.get("KMSMasterKeyID") or "")


def _default_encryption(bucket: Any) -> Mapping[str, Any]:
    rule = (bucket.encryption or {}).get("Rule") or {}
    found = rule[0] if isinstance(rule, list) else rule
    return found if isinstance(found, dict) else {}


def _bucket(place: Place) -> Any | None:
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT_ID]["aws"].buckets.get(place.bucket)


def _key_use(
    action: str, arn: str, via: str, source: str, encryption_context: Mapping[str, str]
) -> Authorization:
    """The use of a key by a service in the name of the caller (forward access sessions)."""
    context: dict[str, Sequence[str]] = {
        f"kms:encryptioncontext:{name}": [value] for name, value in encryption_context.items()
    }
    context |= {"kms:viaservice": [f"{via}.amazonaws.com"], "aws:viaawsservice": ["true"]}
    return Authorization(action, arn, context, Kind.IMPLIED, source)


def _passed_roles(operation: Operation, needed: Sequence[Authorization]) -> Iterator[Authorization]:
    member, principal = _PASSED.get((operation.service, operation.name), ("", ""))
    for arn in _values(operation.params, member.split(".")) if member else ():
        context = {
            "iam:passedtoservice": [principal],
            "iam:associatedresourcearn": [needed[0].resource] if needed else [],
        }
        yield Authorization("iam:PassRole", arn, context, Kind.IMPLIED, _PASS_ROLE)


def _values(value: Any, path: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        if isinstance(value, str) and value:
            yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _tags(operation: Operation, needed: Sequence[Authorization]) -> Iterator[Authorization]:
    """The permission to tag, for a request that creates something with tags."""
    if not (operation.params.get("Tags") or operation.params.get("tags")):
        return
    known = catalog.services()[operation.service].actions.get(operation.name)
    wanted = {"sagemaker:AddTags", f"{operation.service}:TagResource"}
    actions = {action for action in known.needs if action in wanted} if known is not None else set()
    own = _TAGGING.get((operation.service, operation.name))
    source = f"{_REFERENCE}list_{operation.service}.html"
    for action in sorted(actions | ({own} if own else set())):
        for item in needed[:1]:
            yield Authorization(
                action, item.resource, {}, Kind.IMPLIED, source, alternative=item.alternative
            )


def _publish(operation: Operation) -> Iterator[Authorization]:
    from moto.sns.models import sns_backends

    arn = str(operation.params.get("TopicArn") or operation.params.get("TargetArn") or "")
    topic = sns_backends[ACCOUNT_ID][operation.region].topics.get(arn)
    key = stores.key_arn(str(getattr(topic, "kms_master_key_id", None) or ""), operation.region)
    for action in ("kms:GenerateDataKey", "kms:Decrypt") if key else ():
        context = {"aws:sns:topicarn": arn}
        yield _key_use(action, key, f"sns.{operation.region}", _SNS_KMS, context)


def _queue_key(operation: Operation) -> Iterator[Authorization]:
    from moto.sqs.models import sqs_backends

    name = str(operation.params.get("QueueUrl", "")).rpartition("/")[2]
    queue = sqs_backends[ACCOUNT_ID][operation.region].queues.get(name)
    key = stores.key_arn(str(getattr(queue, "kms_master_key_id", None) or ""), operation.region)
    sends = operation.name.startswith("Send")
    for action in (("kms:GenerateDataKey",) if sends else ()) + ("kms:Decrypt",) if key else ():
        context = {"aws:sqs:arn": operation.arn("sqs", name)}
        yield _key_use(action, key, f"sqs.{operation.region}", _SQS_KMS, context)


def _group_key(operation: Operation) -> Iterator[Authorization]:
    """CloudWatch Logs encrypts a group as itself, so the key's policy has to let it."""
    key = stores.key_arn(str(operation.params.get("kmsKeyId") or ""), operation.region)
    if not key:
        return
    arn = operation.arn("logs", f"log-group:{operation.params.get('logGroupName', '')}")
    logs = service(f"logs.{operation.region}.amazonaws.com", ACCOUNT_ID, arn)
    context = {"kms:encryptioncontext:aws:logs:arn": [arn]}
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        yield Authorization(action, key, context, Kind.IMPLIED, _LOGS_KMS, principal=logs)


def _state_machine(operation: Operation) -> Iterator[Authorization]:
    """Creating or changing a state machine checks what its role may do."""
    role = stores.find_role(str(operation.params.get("roleArn") or ""))
    if role is None:
        return
    machine = role_principal(role, "StepFunctions")
    logging = operation.params.get("loggingConfiguration") or {}
    if logging.get("level", "OFF") != "OFF":
        for action in _LOG_DELIVERY:
            yield Authorization(action, "*", {}, Kind.IMPLIED, _STATES_LOGS, principal=machine)
    yield from _managed_rules(operation, machine)


def _managed_rules(operation: Operation, machine: Principal) -> Iterator[Authorization]:
    text = str(operation.params.get("definition") or "{}")
    try:
        resources = set(_task_resources(json.loads(text)))
    except ValueError:
        return
    for name, jobs in _MANAGED_RULES.items():
        if f"arn:aws:states:::sagemaker:{name}" not in resources:
            continue
        rule = operation.arn("events", f"rule/StepFunctionsGetEventsForSageMaker{jobs}Rule")
        for action in ("events:DescribeRule", "events:PutRule", "events:PutTargets"):
            yield Authorization(action, rule, {}, Kind.IMPLIED, _STATES_SYNC, principal=machine)


def _task_resources(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("Resource"), str):
            yield value["Resource"]
        for item in value.values():
            yield from _task_resources(item)
    elif isinstance(value, list):
        for item in value:
            yield from _task_resources(item)


_RULES: Final = {
    ("logs", "AssociateKmsKey"): _group_key,
    ("logs", "CreateLogGroup"): _group_key,
    ("sns", "Publish"): _publish,
    ("sns", "PublishBatch"): _publish,
    ("sqs", "ReceiveMessage"): _queue_key,
    ("sqs", "SendMessage"): _queue_key,
    ("sqs", "SendMessageBatch"): _queue_key,
    ("states", "CreateStateMachine"): _state_machine,
    ("states", "UpdateStateMachine"): _state_machine,
}
