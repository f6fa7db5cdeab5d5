"""The image of a commit on localaws: pushed by the API of ECR, signed by KMS, verified."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.images.attestations import prefix, verify_image
from landing_zone.images.build import DOCKERFILE, REQUIREMENTS, Image, Source, Target, build_image
from landing_zone.images.repository import pushed_digest
from landing_zone.images.signature import public_key
from localaws.testing import LocalAws, running

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = COMMIT[::-1]
PLACE = Target("ml-core", "ml-core-development-workflow", "source", "alias/image-signing")


@dataclass
class Builder:
    """Builds nothing and pushes a manifest of one small layer with the API of ECR."""

    ecr: Any
    content: str = "one"
    calls: list[str] = field(default_factory=list)
    fails_after_push: bool = False

    def require(self) -> None:
        self.calls.append("require")

    def build(
        self, tag: str, dockerfile: str, labels: Any, root: Path, arguments: Sequence[str]
    ) -> None:
        assert (root / dockerfile).is_file()
        self.calls.append(f"build {tag}")

    def login(self, ecr: Any, registry: str) -> None:
        self.calls.append(f"login {registry}")

    def push(self, local: str, remote: str) -> None:
        self.calls.append(f"push {local}")
        self.put(remote.rpartition(":")[2])
        if self.fails_after_push:
            raise OperatorError("killed")

    def put(self, tag: str) -> None:
        blob = self.content.encode()
        layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": len(blob),
                 "digest": f"sha256:{hashlib.sha256(blob).hexdigest()}"}  # fmt: skip
        self.upload(blob, str(layer["digest"]))
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        self.ecr.put_image(
            repositoryName=PLACE.repository,
            imageTag=tag,
            imageManifest=json.dumps(
                {
                    "schemaVersion": 2,
                    "mediaType": kind,
                    "config": {
                        **layer,
                        "mediaType": "application/vnd.docker.container.image.v1+json",
                    },
                    "layers": [layer],
                }
            ),
        )

    def upload(self, blob: bytes, digest: str) -> None:
        where = {"repositoryName": PLACE.repository}
        known = self.ecr.batch_check_layer_availability(**where, layerDigests=[digest])["layers"]
        if known and known[0]["layerAvailability"] == "AVAILABLE":
            return
        where["uploadId"] = self.ecr.initiate_layer_upload(**where)["uploadId"]
        self.ecr.upload_layer_part(
            **where, partFirstByte=0, partLastByte=len(blob) - 1, layerPartBlob=blob
        )
        self.ecr.complete_layer_upload(**where, layerDigests=[digest])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running(tmp_path_factory.mktemp("localaws")) as server:
        server.client("ecr").create_repository(
            repositoryName=PLACE.repository, imageTagMutability="IMMUTABLE"
        )
        server.client("s3").create_bucket(
            Bucket=PLACE.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        kms = server.client("kms")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
        kms.create_alias(AliasName=PLACE.signing_key, TargetKeyId=key["KeyId"])
        yield server


@pytest.fixture
def source(tmp_path: Path) -> Source:
    for path in (DOCKERFILE, REQUIREMENTS):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return Source(tmp_path, COMMIT, "https://example.com/r.git", {})


@pytest.fixture(scope="module")
def first(server: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> tuple[Image, Path]:
    """The image that the first build leaves."""
    folder = tmp_path_factory.mktemp("documents")
    source = Source(ROOT, COMMIT, "https://example.com/r.git", {})
    return build_image(server, Builder(server.client("ecr")), source, PLACE, folder), folder  # type: ignore[arg-type]


def test_the_image_has_the_commit_as_its_tag_and_is_signed(
    server: LocalAws, first: tuple[Image, Path]
) -> None:
    image, folder = first
    key = public_key(server.client("kms"), PLACE.signing_key)

    found = verify_image(server.client("s3"), PLACE.bucket, image.digest, COMMIT, key)

    assert image.built
    assert image.uri.endswith(f".amazonaws.com/{PLACE.repository}:{COMMIT}")
    assert found.commit == COMMIT
    assert json.loads((folder / "image.json").read_text()) == image.document()


def test_the_bill_of_materials_is_cyclonedx_and_names_the_image(first: tuple[Image, Path]) -> None:
    image, folder = first
    text = (folder / "sbom.cdx.json").read_text()

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert bill["metadata"]["component"]["version"] == image.digest
    names = {component["name"] for component in bill["components"]}
    assert {"numpy", "scikit-learn", "python"} <= names


def test_the_provenance_names_commit_base_and_materials(first: tuple[Image, Path]) -> None:
    image, folder = first

    statement = json.loads((folder / "provenance.json").read_text())

    assert statement["subject"][0]["digest"]["sha256"] == image.digest.removeprefix("sha256:")
    found = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert found[0]["digest"] == {"gitCommit": COMMIT}
    assert {"file:requirements/image.txt", f"file:{DOCKERFILE}"} <= {one["uri"] for one in found}
    assert any(one["uri"].startswith("docker://python:") for one in found)


def test_a_second_build_does_nothing(
    server: LocalAws, first: tuple[Image, Path], tmp_path: Path
) -> None:
    image, _ = first
    builder = Builder(server.client("ecr"), content="two")

    again = build_image(server, builder, Source(ROOT, COMMIT, "", {}), PLACE, tmp_path)

    assert builder.calls == []
    assert (again.digest, again.built) == (image.digest, False)
    assert (tmp_path / "sbom.cdx.json").is_file()


def test_a_build_that_ended_before_the_signature_is_continued(
    server: LocalAws, source: Source, tmp_path: Path
) -> None:
    source = Source(source.root, OTHER, source.repository, {})
    ecr = server.client("ecr")
    with pytest.raises(OperatorError, match="killed"):
        build_image(server, Builder(ecr, fails_after_push=True), source, PLACE, tmp_path)
    digest = pushed_digest(ecr, PLACE.repository, OTHER)

    # What is pushed a second time is the same; ECR would refuse another content.
    builder = Builder(ecr)
    builder.put = lambda tag: None
    image = build_image(server, builder, source, PLACE, tmp_path)

    assert (image.digest, image.built) == (digest, True)


def envelope(server: LocalAws, digest: str, name: str) -> tuple[str, dict[str, Any]]:
    key = prefix(digest, COMMIT) + name
    body = server.client("s3").get_object(Bucket=PLACE.bucket, Key=key)["Body"].read()
    return key, json.loads(body)


@pytest.mark.parametrize("name", ["provenance.dsse.json", "sbom.dsse.json"])
@pytest.mark.parametrize("damage", ["payload", "signature", "swapped", "missing"])
def test_a_statement_that_was_changed_is_refused(
    server: LocalAws, first: tuple[Image, Path], name: str, damage: str
) -> None:
    image, _ = first
    s3, kms = server.client("s3"), server.client("kms")
    key, content = envelope(server, image.digest, name)
    changed = json.loads(json.dumps(content))
    if damage == "payload":
        changed["payload"] = changed["payload"][:-8] + "AAAAAAA="
    elif damage == "signature":
        changed["signatures"][0]["sig"] = "MEUCIQ=="
    elif damage == "swapped":
        other = {"sbom.dsse.json": "provenance.dsse.json"}.get(name, "sbom.dsse.json")
        changed = envelope(server, image.digest, other)[1]
    if damage == "missing":
        s3.delete_object(Bucket=PLACE.bucket, Key=key)
    else:
        s3.put_object(Bucket=PLACE.bucket, Key=key, Body=json.dumps(changed))
    try:
        with pytest.raises(OperatorError, match=name):
            verify_image(s3, PLACE.bucket, image.digest, COMMIT, public_key(kms, PLACE.signing_key))
    finally:
        s3.put_object(Bucket=PLACE.bucket, Key=key, Body=json.dumps(content))


def test_statements_about_another_image_are_refused(
    server: LocalAws, first: tuple[Image, Path]
) -> None:
    image, _ = first
    s3, other = server.client("s3"), f"sha256:{'0' * 64}"
    for name in ("provenance.dsse.json", "sbom.dsse.json"):
        _, content = envelope(server, image.digest, name)
        s3.put_object(
            Bucket=PLACE.bucket, Key=prefix(other, COMMIT) + name, Body=json.dumps(content)
        )

    with pytest.raises(
        OperatorError, match=r"expected: https://slsa\.dev/provenance/v1 about 0000"
    ):
        verify_image(
            s3, PLACE.bucket, other, COMMIT, public_key(server.client("kms"), PLACE.signing_key)
        )


def test_another_commit_and_another_key_are_refused(
    server: LocalAws, first: tuple[Image, Path]
) -> None:
    image, _ = first
    s3, kms = server.client("s3"), server.client("kms")
    other = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]

    for name in ("provenance.dsse.json", "sbom.dsse.json"):
        _, content = envelope(server, image.digest, name)
        moved = prefix(image.digest, "v1") + name
        s3.put_object(Bucket=PLACE.bucket, Key=moved, Body=json.dumps(content))

    with pytest.raises(OperatorError, match=f"was built from commit {COMMIT}; expected: v1"):
        verify_image(s3, PLACE.bucket, image.digest, "v1", public_key(kms, PLACE.signing_key))
    with pytest.raises(OperatorError, match="is of the key"):
        verify_image(s3, PLACE.bucket, image.digest, COMMIT, public_key(kms, other))


def test_a_key_that_does_not_sign_is_refused(server: LocalAws) -> None:
    kms = server.client("kms")
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]

    with pytest.raises(OperatorError, match="allowed: ECDSA_SHA_256"):
        public_key(kms, key)
