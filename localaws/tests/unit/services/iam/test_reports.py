"""What was not used, and a policy of what was."""

from localaws.services.iam.authorization import Kind
from localaws.services.iam.decision import Decision, Layer, Request
from localaws.services.iam.document import parse_object
from localaws.services.iam.ledger import Ledger
from localaws.services.iam.principals import Principal
from localaws.services.iam.reports import describe, policy, unused

ROLE = "arn:aws:iam::123456789012:role/worker"
CALLER = Principal("session", "arn:session", "123456789012", role_arn=ROLE)


def ledger_of(*requests):
    ledger = Ledger()
    for action, resource, allowed in requests:
        decision = Decision(allowed, Layer.IDENTITY)
        ledger.record(Request(CALLER, action, resource), decision, Kind.API, "")
    return ledger.entries()


def test_a_distinct_authorization_is_kept_once():
    entries = ledger_of(*[("s3:GetObject", "arn:aws:s3:::a/1", True)] * 3)
    assert [(entry.principal, entry.count) for entry in entries] == [(ROLE, 3)]


def test_the_unused_parts_of_a_policy():
    document = parse_object(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
            },
        },
        "own",
    )
    entries = ledger_of(
        ("s3:GetObject", "arn:aws:s3:::a/1", True), ("s3:PutObject", "arn:aws:s3:::b/1", False)
    )
    assert list(unused([document], entries)) == [
        ("own", "Read", "s3:PutObject", "*"),
        ("own", "Read", "*", "arn:aws:s3:::b/*"),
    ]


def test_a_policy_of_what_was_asked_for():
    entries = ledger_of(
        ("s3:GetObject", "arn:aws:s3:::a/1", True),
        ("s3:GetObject", "arn:aws:s3:::a/2", True),
        ("kms:Decrypt", "arn:key", False),
    )
    assert policy(entries)["Statement"] == [
        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": ["arn:key"]},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::a/1", "arn:aws:s3:::a/2"],
        },
    ]
    (denied,) = [entry for entry in entries if not entry.allowed]
    assert '"Action": "kms:Decrypt"' in describe(denied)
