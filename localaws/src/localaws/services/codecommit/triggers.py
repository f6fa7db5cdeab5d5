"""Repository triggers: a push calls a Lambda function or publishes to an SNS topic."""

from __future__ import annotations

import json
import logging
import re
import uuid
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codecommit.records import RepositoryRecord
from localaws.services.codecommit.resource import Params, Resource
from localaws.services.git.events import Push

_MAX_TRIGGERS: Final = 10
_MAX_BRANCHES: Final = 10
_TRIGGER_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_ARN = re.compile(r"arn:aws[\w-]*:(?P<service>sns|lambda):(?P<region>[\w-]+):\d{12}:.+")
_log = logging.getLogger(__name__)


class Triggers(Resource):
    """The operations on repository triggers."""

    @operation
    def put_repository_triggers(self, params: Params) -> Params:
        """PutRepositoryTriggers. It replaces all triggers of the repository."""
        self._check(params["triggers"])
        with self.records.lock:
            record = self.record(params["repositoryName"])
            record.triggers = params["triggers"]
            record.triggers_id = str(uuid.uuid4())
            return {"configurationId": record.triggers_id}

    @operation
    def get_repository_triggers(self, params: Params) -> Params:
        """GetRepositoryTriggers."""
        with self.records.lock:
            record = self.record(params["repositoryName"])
            return {"configurationId": record.triggers_id, "triggers": list(record.triggers)}

    @operation
    def test_repository_triggers(self, params: Params) -> Params:
        """TestRepositoryTriggers. It sends an event of the default branch to each target."""
        self._check(params["triggers"])
        record = self.record(params["repositoryName"])
        branch = record.repository.default_branch
        references = []
        if branch:
            tip = record.repository.branches()[branch]
            references = [{"commit": tip, "ref": f"refs/heads/{branch}"}]
        succeeded, failed = [], []
        for trigger in params["triggers"]:
            document = _record(self.context, record, trigger, references, self.caller)
            try:
                send(self.context, trigger, document | {"eventName": "TriggerEventTest"})
                succeeded.append(trigger["name"])
            except Exception as error:
                failed.append({"trigger": trigger["name"], "failureMessage": str(error)})
        return {"successfulExecutions": succeeded, "failedExecutions": failed}

    def _check(self, triggers: list[dict[str, Any]]) -> None:
        if len(triggers) > _MAX_TRIGGERS:
            raise AwsError(
                "MaximumRepositoryTriggersExceededException",
                f"At most {_MAX_TRIGGERS} triggers are allowed, found {len(triggers)}",
            )
        for trigger in triggers:
            name, arn = trigger["name"], trigger["destinationArn"]
            if not _TRIGGER_NAME.fullmatch(name):
                raise AwsError(
                    "InvalidRepositoryTriggerNameException", f"The trigger name {name} is not valid"
                )
            found = _ARN.fullmatch(arn)
            if found is None:
                raise AwsError(
                    "InvalidRepositoryTriggerDestinationArnException",
                    f"{arn} is not the ARN of an SNS topic or a Lambda function",
                )
            if found["region"] != self.context.region:
                raise AwsError(
                    "InvalidRepositoryTriggerRegionException",
                    f"{arn} is not in the region of the repository, {self.context.region}",
                )
            if not trigger["events"]:
                raise AwsError(
                    "RepositoryTriggerEventsListRequiredException", f"{name} has no events"
                )
            if len(trigger.get("branches", ())) > _MAX_BRANCHES:
                raise AwsError(
                    "MaximumBranchesExceededException",
                    f"{name} has more than {_MAX_BRANCHES} branches",
                )


def fire(context: Context, record: RepositoryRecord, push: Push) -> None:
    """Send a push to the triggers that it concerns. A failure is logged."""
    kind = "createReference" if push.before is None else "updateReference"
    if push.after is None:
        kind = "deleteReference"
    reference: dict[str, Any] = {"commit": push.after or push.before, "ref": push.ref}
    if push.before is None:
        reference["created"] = True
    if push.after is None:
        reference["deleted"] = True
    for trigger in record.triggers:
        branches = trigger.get("branches") or []
        if not {"all", kind} & set(trigger["events"]) or (branches and push.branch not in branches):
            continue
        try:
            send(context, trigger, _record(context, record, trigger, [reference], push.caller))
        except Exception:
            _log.exception("the trigger %s of %s failed", trigger["name"], record.name)


def send(context: Context, trigger: dict[str, Any], document: dict[str, Any]) -> None:
    """Send a document to the topic or function of a trigger."""
    message = json.dumps({"Records": [document]})
    arn = trigger["destinationArn"]
    if _service(arn) == "sns":
        context.client("sns").publish(
            TopicArn=arn, Subject=f"UPDATE: AWS CodeCommit {trigger['name']}", Message=message
        )
    else:
        context.client("lambda").invoke(
            FunctionName=arn, InvocationType="Event", Payload=message.encode()
        )


def _service(arn: str) -> str:
    found = _ARN.fullmatch(arn)
    assert found
    return found["service"]


def _record(
    context: Context,
    record: RepositoryRecord,
    trigger: dict[str, Any],
    references: list[dict[str, Any]],
    caller: str,
) -> dict[str, Any]:
    moment = context.clock.now()
    return {
        "awsRegion": context.region,
        "codecommit": {"references": references},
        "customData": trigger.get("customData"),
        "eventId": str(uuid.uuid4()),
        "eventName": "ReferenceChanges",
        "eventPartNumber": 1,
        "eventSource": "aws:codecommit",
        "eventSourceARN": context.arn("codecommit", record.name),
        "eventTime": moment.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{moment.microsecond // 1000:03d}+0000",
        "eventTotalParts": 1,
        "eventTriggerConfigId": record.triggers_id,
        "eventTriggerName": trigger["name"],
        "eventVersion": "1.0",
        "userIdentityARN": caller,
    }
