"""Why a request was denied, in AWS's words, and the statement that would allow it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from typing import Any

from localaws.services.iam.decision import Decision, Layer, Request


def message(request: Request, decision: Decision, *, quoted: bool = False) -> str:
    """AWS's sentence for a denial.

    Args:
        request: what was asked for.
        decision: the denial.
        quoted: whether the resource stands in quotation marks, as in the messages of S3.
    """
    resource = f'"{request.resource}"' if quoted else request.resource
    caller = request.principal.arn or "anonymous"
    text = f"User: {caller} is not authorized to perform: {request.action} on resource: {resource} "
    layer = decision.layer.value
    if decision.is_explicit:
        article = "an" if layer.startswith("i") else "a"
        return f"{text}with an explicit deny in {article} {layer}"
    return f"{text}because no {layer} allows the {request.action} action"


def advice(request: Request, decision: Decision) -> str:
    """Where to look, and what to change, after a denial."""
    place = f" {decision.policy!r}" if decision.policy else ""
    if decision.is_explicit:
        sid = f" {decision.sid!r}" if decision.sid else ""
        return f"Statement{sid} of the {decision.layer.value}{place} denies it."
    owner = {
        Layer.IDENTITY: f"a policy of {request.principal.policy_arn}",
        Layer.RESOURCE: f"the policy of {request.resource}",
        Layer.BOUNDARY: f"the permissions boundary{place} of {request.principal.policy_arn}",
        Layer.SESSION: f"the session policy of {request.principal.arn}",
        Layer.CONTROL: "the service control policies",
    }[decision.layer]
    return f"No statement of {owner} allows it."


def missing_statement(request: Request, decision: Decision) -> dict[str, Any] | None:
    """The statement that would allow the request; None where another statement denies it."""
    if decision.allowed or decision.is_explicit:
        return None
    statement: dict[str, Any] = {"Effect": "Allow", "Action": request.action}
    if decision.layer is Layer.RESOURCE:
        principal = request.principal
        kind = "Service" if principal.kind == "service" else "AWS"
        statement["Principal"] = {kind: principal.policy_arn or "*"}
    if request.action.startswith("sts:AssumeRole"):
        return statement
    return {**statement, "Resource": request.resource}
