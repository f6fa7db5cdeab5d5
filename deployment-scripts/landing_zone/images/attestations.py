"""The signed statements about an image, stored in the source bucket below attestations/{digest}/{tag}/.

docs/decisions/0016-attestations-in-s3.md says why they are not artifacts in ECR.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError
from landing_zone.images.provenance import BILL_OF_MATERIALS, PROVENANCE, STATEMENT
from landing_zone.images.sbom import subject_of
from landing_zone.images.signature import PublicKey, verify

_MISSING = {"NoSuchKey", "404"}
# The predicate that each object must hold.
NAMES = {"provenance.dsse.json": PROVENANCE, "sbom.dsse.json": BILL_OF_MATERIALS}


@dataclass(frozen=True)
class Verified:
    """What the verified statements say about an image."""

    digest: str
    commit: str
    builder: str
    components: int


def prefix(digest: str, tag: str) -> str:
    """Where the statements are. Two commits may give the same image, and each has its provenance."""
    return f"attestations/{digest.replace(':', '-')}/{tag}/"


def store(
    s3: Any, bucket: str, digest: str, tag: str, envelopes: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write each envelope, unless it is there: a statement is never replaced."""
    for name, envelope in envelopes.items():
        body = json.dumps(envelope, indent=2).encode()
        try:
            s3.put_object(
                Bucket=bucket, Key=prefix(digest, tag) + name, Body=body, IfNoneMatch="*",
                ContentType="application/json",
            )  # fmt: skip
        except ClientError as error:
            if error_code(error) != "PreconditionFailed":
                raise


def exist(s3: Any, bucket: str, digest: str, tag: str) -> bool:
    """Whether every statement about the image is stored."""
    return all(_read(s3, bucket, prefix(digest, tag) + name) is not None for name in NAMES)


def verify_image(s3: Any, bucket: str, digest: str, tag: str, key: PublicKey) -> Verified:
    """Check signature, subject and content of each statement; the error says which one is wrong."""
    statements = {name: _statement(s3, bucket, digest, tag, name, key) for name in NAMES}
    built = statements["provenance.dsse.json"]["predicate"]
    materials = statements["sbom.dsse.json"]["predicate"]
    if subject_of(materials) != digest:
        raise OperatorError(
            f"the bill of materials of {digest} describes {subject_of(materials)}: the image must be "
            "built and signed again"
        )
    found = built["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"]
    if found != tag:
        raise OperatorError(
            f"the image {tag} was built from commit {found}; expected: {tag}, the commit in its tag"
        )
    return Verified(
        digest, found, built["runDetails"]["builder"]["id"], len(materials["components"])
    )


def payloads(s3: Any, bucket: str, digest: str, tag: str, key: PublicKey) -> dict[str, Any]:
    """The bill of materials and the provenance of an image, as the files that people look at."""
    return {
        "sbom.cdx.json": _statement(s3, bucket, digest, tag, "sbom.dsse.json", key)["predicate"],
        "provenance.json": _statement(s3, bucket, digest, tag, "provenance.dsse.json", key),
    }


def _statement(
    s3: Any, bucket: str, digest: str, tag: str, name: str, key: PublicKey
) -> dict[str, Any]:
    location = f"s3://{bucket}/{prefix(digest, tag)}{name}"
    body = _read(s3, bucket, prefix(digest, tag) + name)
    if body is None:
        raise OperatorError(
            f"{location} does not exist: the image {tag} ({digest}) is not signed. Build it with "
            "deployment-scripts/build.sh, or select another IMAGE_TAG"
        )
    try:
        found = verify(json.loads(body), key)
    except ValueError as error:
        raise OperatorError(f"{location} is no JSON: {error}") from error
    except OperatorError as error:
        raise OperatorError(f"{location}: {error}") from error
    algorithm, _, value = digest.partition(":")
    subjects = [one.get("digest", {}).get(algorithm) for one in found.get("subject", [])]
    expected = (STATEMENT, NAMES[name], [value])
    if (found.get("_type"), found.get("predicateType"), subjects) != expected:
        raise OperatorError(
            f"{location} is a {found.get('predicateType')} about {subjects}; "
            f"expected: {NAMES[name]} about {value}"
        )
    return found


def _read(s3: Any, bucket: str, key: str) -> bytes | None:
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error_code(error) in _MISSING:
            return None
        raise
