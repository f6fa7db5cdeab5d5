"""Which policies decide, by AWS's policy evaluation logic."""

import pytest

from localaws.services.iam.decision import Layer, Policies, Request, decide
from localaws.services.iam.document import DocumentError, parse_object
from localaws.services.iam.explain import advice, message, missing_statement
from localaws.services.iam.principals import ANONYMOUS, Principal, root, service

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/one"
USER = f"arn:aws:iam::{ACCOUNT}:user/ada"
ACCOUNT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
OBJECT = "arn:aws:s3:::data/key"

SESSION_OF_ROLE = Principal("session", SESSION, ACCOUNT, role_arn=ROLE)
ADA = Principal("user", USER, ACCOUNT)
ROOT = root(ACCOUNT)
EVENTS = service("events.amazonaws.com", ACCOUNT)


def policy(
    effect="Allow", action="s3:GetObject", resource="*", principal=None, condition=None, **more
):
    statement = {"Sid": "S", "Effect": effect, "Action": action, "Resource": resource, **more}
    if principal is not None:
        statement["Principal"] = principal
    if condition is not None:
        statement["Condition"] = condition
    return parse_object({"Version": "2012-10-17", "Statement": [statement]}, "p")


ALLOW = policy()
DENY = policy("Deny")
OTHER = policy(action="s3:PutObject")


def granted_to(arn):
    return [policy(principal={"AWS": arn})]


CASES = {
    "nothing allows": (ADA, {}, Layer.IDENTITY),
    "the identity": (ADA, {"identity": [OTHER, ALLOW]}, None),
    "a denial wins": (ADA, {"identity": [ALLOW, DENY]}, Layer.IDENTITY),
    "root needs no policy": (ROOT, {}, None),
    "root is denied by a resource": (ROOT, {"resource": [policy("Deny", principal="*")]}, Layer.RESOURCE),
    # Permissions boundaries limit the identity.
    "boundary allows": (ADA, {"identity": [ALLOW], "boundary": ALLOW}, None),
    "boundary is silent": (ADA, {"identity": [ALLOW], "boundary": OTHER}, Layer.BOUNDARY),
    "boundary denies": (ADA, {"identity": [ALLOW], "boundary": DENY}, Layer.BOUNDARY),
    "boundary alone": (ADA, {"boundary": ALLOW}, Layer.IDENTITY),
    # So do session policies.
    "session allows": (SESSION_OF_ROLE, {"identity": [ALLOW], "session": [OTHER, ALLOW]}, None),
    "session is silent": (SESSION_OF_ROLE, {"identity": [ALLOW], "session": [OTHER]}, Layer.SESSION),
    "session denies": (SESSION_OF_ROLE, {"identity": [ALLOW], "session": [ALLOW, DENY]}, Layer.SESSION),
    "session alone": (SESSION_OF_ROLE, {"session": [ALLOW]}, Layer.IDENTITY),
    # Every level of an organization has to allow.
    "control allows": (ADA, {"identity": [ALLOW], "control": [[ALLOW], [OTHER, ALLOW]]}, None),
    "control is silent": (ADA, {"identity": [ALLOW], "control": [[ALLOW], [OTHER]]}, Layer.CONTROL),
    "control denies": (ADA, {"identity": [ALLOW], "control": [[ALLOW, DENY]]}, Layer.CONTROL),
    "control limits root": (ROOT, {"control": [[OTHER]]}, Layer.CONTROL),
    "control and services": (EVENTS, {"control": [[OTHER]], "resource": [policy(principal="*")]}, None),
    # A resource's policy is enough for a principal of the same account, unless it names the account.
    "resource: user": (ADA, {"resource": granted_to(USER)}, None),
    "resource: user with boundary": (ADA, {"resource": granted_to(USER), "boundary": OTHER}, None),
    "resource: role": (SESSION_OF_ROLE, {"resource": granted_to(ROLE)}, None),
    "resource: role with boundary": (
        SESSION_OF_ROLE, {"resource": granted_to(ROLE), "boundary": OTHER}, Layer.BOUNDARY,
    ),
    "resource: role with session policy": (
        SESSION_OF_ROLE, {"resource": granted_to(ROLE), "session": [OTHER]}, Layer.SESSION,
    ),
    "resource: session": (SESSION_OF_ROLE, {"resource": granted_to(SESSION), "session": [OTHER]}, None),
    "resource: everyone": (SESSION_OF_ROLE, {"resource": granted_to("*"), "boundary": OTHER}, None),
    "resource: the account": (ADA, {"resource": granted_to(ACCOUNT_ARN)}, Layer.IDENTITY),
    "resource: the account's id": (ADA, {"resource": granted_to(ACCOUNT)}, Layer.IDENTITY),
    "resource: another user": (ADA, {"resource": granted_to(USER + "2")}, Layer.IDENTITY),
    "resource denies": (
        ADA, {"identity": [ALLOW], "resource": [policy("Deny", principal={"AWS": ACCOUNT})]}, Layer.RESOURCE,
    ),
    "resource: anonymous": (ANONYMOUS, {"resource": granted_to("*")}, None),
    "anonymous without policy": (ANONYMOUS, {"identity": [ALLOW]}, Layer.RESOURCE),
    # Services have no identity-based policies.
    "a service": (EVENTS, {"resource": [policy(principal={"Service": "events.amazonaws.com"})]}, None),
    "another service": (
        EVENTS, {"resource": [policy(principal={"Service": "sns.amazonaws.com"})]}, Layer.RESOURCE,
    ),
    "a service without policy": (EVENTS, {}, Layer.RESOURCE),
    # Keys and roles: the identity is not enough.
    "strict: identity alone": (ADA, {"identity": [ALLOW], "is_strict": True}, Layer.RESOURCE),
    "strict: root alone": (ROOT, {"is_strict": True}, Layer.RESOURCE),
    "strict: account and identity": (
        ADA, {"identity": [ALLOW], "resource": granted_to(ACCOUNT_ARN), "is_strict": True}, None,
    ),
    "strict: account alone": (ADA, {"resource": granted_to(ACCOUNT_ARN), "is_strict": True}, Layer.IDENTITY),
    "strict: root by the account": (ROOT, {"resource": granted_to(ACCOUNT_ARN), "is_strict": True}, None),
    "strict: named": (SESSION_OF_ROLE, {"resource": granted_to(ROLE), "is_strict": True}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_deciding_layer(name):
    principal, policies, layer = CASES[name]
    decision = decide(Request(principal, "s3:GetObject", OBJECT), Policies(**policies))
    if layer is None:
        assert decision.allowed
    else:
        assert (decision.allowed, decision.layer) == (False, layer)


def test_another_account_needs_both_policies():
    def allowed(**policies):
        request = Request(SESSION_OF_ROLE, "s3:GetObject", OBJECT, resource_account="999999999999")
        return decide(request, Policies(**policies)).allowed

    assert not allowed(identity=[ALLOW])
    assert not allowed(resource=granted_to(ROLE))
    assert allowed(identity=[ALLOW], resource=granted_to(ACCOUNT))


@pytest.mark.parametrize(
    ("principal", "listed", "allowed"),
    [
        (ADA, [USER, ACCOUNT_ARN], True),
        (ADA, [USER, ACCOUNT], True),
        (ADA, [USER], False),
        (ADA, [ACCOUNT_ARN], False),
        (SESSION_OF_ROLE, [SESSION, ROLE, ACCOUNT_ARN], True),
        (SESSION_OF_ROLE, [ROLE, ACCOUNT_ARN], False),
        (ROOT, [ACCOUNT_ARN], True),
    ],
)
def test_a_denial_of_everyone_else(principal, listed, allowed):
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": listed}}
    resource = [parse_object({"Version": "2012-10-17", "Statement": deny})]
    request = Request(principal, "s3:GetObject", OBJECT)
    assert decide(request, Policies(identity=[ALLOW], resource=resource)).allowed is allowed
    # It always denies a principal that has a permissions boundary.
    bounded = Policies(identity=[ALLOW], resource=resource, boundary=ALLOW)
    assert not decide(request, bounded).allowed


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"NotAction": "s3:Put*", "Resource": "*"}, True),
        ({"NotAction": ["s3:Get*", "s3:Put*"], "Resource": "*"}, False),
        ({"Action": "*", "NotResource": "arn:aws:s3:::data/*"}, False),
        ({"Action": "*", "NotResource": "arn:aws:s3:::other/*"}, True),
        ({"Action": "s3:*", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/key}"}, True),
        ({"Action": "s3:*", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/none}"}, False),
        ({"Action": "s3:*", "NotResource": "arn:aws:s3:::data/${aws:PrincipalTag/none}"}, False),
    ],
)  # fmt: skip
def test_the_elements_of_a_statement(statement, allowed):
    document = parse_object(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}}
    )
    request = Request(ADA, "s3:GetObject", OBJECT, {"aws:principaltag/key": ["key"]})
    assert decide(request, Policies(identity=[document])).allowed is allowed


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Statement": [{"Effect": "Permit", "Action": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": [1], "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resources": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Principal": {"Role": "x"}}]},
        {"Version": "2020-01-01", "Statement": []},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"Equals": {"a": "b"}}}]},
        {"Statement": ["Allow"]},
    ],
)
def test_what_is_no_policy(document):
    with pytest.raises(DocumentError):
        parse_object(document)


@pytest.mark.parametrize(
    ("policies", "ending"),
    [
        ({}, "because no identity-based policy allows the s3:GetObject action"),
        ({"identity": [DENY]}, "with an explicit deny in an identity-based policy"),
        (
            {"identity": [ALLOW], "boundary": OTHER},
            "because no permissions boundary allows the s3:GetObject action",
        ),
        ({"resource": [policy("Deny", principal="*")]}, "with an explicit deny in a resource-based policy"),
        ({"control": [[OTHER]]}, "because no service control policy allows the s3:GetObject action"),
        ({"identity": [ALLOW], "session": []}, "because no session policy allows the s3:GetObject action"),
    ],
)  # fmt: skip
def test_the_message_of_a_denial(policies, ending):
    request = Request(ADA, "s3:GetObject", OBJECT)
    text = message(request, decide(request, Policies(**policies)))
    assert (
        text
        == f"User: {USER} is not authorized to perform: s3:GetObject on resource: {OBJECT} {ending}"
    )


def test_the_missing_statement():
    request = Request(SESSION_OF_ROLE, "s3:GetObject", OBJECT)
    denied = decide(request, Policies())
    assert missing_statement(request, denied) == {
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECT,
    }  # fmt: skip
    assert ROLE in advice(request, denied)
    refused = decide(request, Policies(identity=[DENY]))
    assert missing_statement(request, refused) is None
    assert "Statement 'S'" in advice(request, refused)
    by_service = Request(EVENTS, "lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:1:function:f")
    statement = missing_statement(by_service, decide(by_service, Policies()))
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
