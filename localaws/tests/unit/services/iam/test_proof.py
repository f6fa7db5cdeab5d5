"""Which parts of policies are needed, by requests that are decided again without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from localaws.services.iam.authorization import Kind
from localaws.services.iam.decision import Request
from localaws.services.iam.ledger import Sample
from localaws.services.iam.principals import Principal, service
from localaws.services.iam.proof import Unproven, prove
from localaws.services.iam.prove import ProofError, read_recordings, report, write_recording
from localaws.services.iam.recording import Recording, normalized

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app-worker"
BUCKET = "arn:aws:s3:::app-data"
WORKER = Principal("session", f"{ROLE}/one", ACCOUNT, role_arn=ROLE)
STATES = service(
    "states.amazonaws.com", ACCOUNT, "arn:aws:states:eu-west-1:123456789012:stateMachine:app"
)


def statement(sid, action, resource=None, effect="Allow", **more):
    found = {"Sid": sid, "Effect": effect, "Action": action, **more}
    return found if resource is None else {**found, "Resource": resource}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def asks(action, resource, principal=WORKER, kind=Kind.API, **context):
    found = {"aws:securetransport": ["true"], **context}
    return Sample(Request(principal, action, resource, found), kind, "", "")


def recording(identity, samples, resource=None, trust=None):
    own = {ROLE: [("trust", policy(*trust))]} if trust else {}
    return Recording({ROLE: [("own", policy(*identity))]}, {}, {**own, **(resource or {})}, samples)


def survivors(found):
    return [
        f"{item.mutant.sid} {item.mutant.part}"
        for item in prove(found, ["app-"])
        if not item.killed_by
    ]


READ = asks("s3:GetObject", f"{BUCKET}/in/a.csv")


def test_what_a_request_needs_is_proven_and_the_rest_survives():
    found = recording(
        [
            statement(
                "Read", ["s3:GetObject", "s3:PutObject"], [f"{BUCKET}/in/*", f"{BUCKET}/out/*"]
            )
        ],
        [READ],
    )
    assert survivors(found) == [
        "Read action s3:PutObject",
        f"Read resource {BUCKET}/out/*",
    ]


def test_two_statements_that_allow_the_same_survive():
    found = recording(
        [
            statement("One", "s3:GetObject", f"{BUCKET}/*"),
            statement("Two", "s3:Get*", f"{BUCKET}/in/*"),
        ],
        [READ],
    )
    assert {item.split()[0] for item in survivors(found)} == {"One", "Two"}


def test_a_condition_matters_where_a_near_miss_passes_without_it():
    via = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
    delegates = policy(
        statement("Root", "kms:*", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    )
    needed = asks(
        "kms:Decrypt", key, kind=Kind.IMPLIED, **{"kms:viaservice": ["s3.eu-west-1.amazonaws.com"]}
    )
    found = recording(
        [statement("Key", "kms:Decrypt", key, Condition=via)], [needed], {key: [(key, delegates)]}
    )
    judged = [item for item in prove(found, ["app-"]) if item.owner == ROLE]
    assert [item.killed_by is not None for item in judged] == [True] * 4
    assert {item.killed_by.kind for item in judged} == {Kind.IMPLIED}


def test_a_denial_without_tls_is_proven_by_a_request_without_it():
    deny = statement(
        "Tls", "s3:*", [BUCKET, f"{BUCKET}/*"], "Deny", Principal="*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )  # fmt: skip
    found = recording(
        [statement("Read", "s3:GetObject", f"{BUCKET}/*")],
        [READ],
        {BUCKET: [(BUCKET, policy(deny))]},
    )
    # No request is about the bucket itself.
    assert survivors(found) == [f"Tls resource {BUCKET}"]


def test_a_trust_policy_is_proven_by_the_service_that_assumes_the_role():
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    trust = statement(
        "Trust", "sts:AssumeRole", Principal={"Service": ["states.amazonaws.com", "events.amazonaws.com"]},
        Condition=condition,
    )  # fmt: skip
    assumes = asks("sts:AssumeRole", ROLE, STATES, **{"aws:sourceaccount": [ACCOUNT]})
    found = recording(
        [statement("Read", "s3:GetObject", f"{BUCKET}/*")], [READ, assumes], trust=[trust]
    )
    assert survivors(found) == ["Trust principal events.amazonaws.com"]


def test_survivors_need_a_reason_and_reasons_need_survivors():
    found = recording([statement("Read", ["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*")], [READ])
    judged = list(prove(found, ["app-"]))
    with pytest.raises(ProofError, match=r"nothing needs .*app-worker Read action s3:PutObject"):
        list(report(judged, ()))
    named = Unproven("role/app-worker", "action s3:PutObject", "why", "https://docs.aws.amazon.com")
    lines = list(report(judged, [named]))
    assert lines[0] == "removed: 3 mutants, killed: 2 api, 0 service, 0 implied; survivors: 1"
    with pytest.raises(ProofError, match="the table names role/x"):
        list(report(judged, [named, Unproven("role/x", "*", "why", "https://docs.aws.amazon.com")]))


def test_a_recording_survives_its_file_and_has_stable_ids(tmp_path: Path):
    run = "0b2a8a4e-9f5e-4a8e-8d0a-3f1b2c4d5e6f"
    samples = [
        asks("s3:GetObject", f"{BUCKET}/{name}/a.csv") for name in (run, run.replace("0", "1"))
    ]
    found = recording([statement("Read", "s3:GetObject", f"{BUCKET}/*")], samples)
    path = tmp_path / "recording.json"
    write_recording(normalized(found), path)
    read = read_recordings([path])
    assert read.identity == found.identity
    assert [item.request.resource for item in read.samples] == [
        f"{BUCKET}/00000000-0000-0000-0000-000000000000/a.csv"
    ]
    assert survivors(read) == survivors(found)
