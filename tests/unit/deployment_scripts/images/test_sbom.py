"""The bill of materials, from lock files and Dockerfiles."""

from __future__ import annotations

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.images.provenance import builder_of
from landing_zone.images.sbom import Package, base_images, packages, sbom, subject_of

HASH = "a" * 64
DIGEST = f"sha256:{'b' * 64}"


def test_every_pin_of_the_lock_file_is_a_component() -> None:
    text = (ROOT / "requirements/image.txt").read_text()

    found = packages(text)

    assert len(found) == sum(
        "==" in line and not line.startswith((" ", "#")) for line in text.splitlines()
    )
    assert {"numpy", "onnxruntime", "polars"} <= {package.name for package in found}


def test_a_pin_with_a_marker_and_a_comment() -> None:
    pin = f"Xgboost_Cpu==3.1 ; sys_platform == 'linux' \\\n    --hash=sha256:{HASH}"
    text = f"# made by uv\n{pin}\n    # via -r image.in\n"

    found = packages(text)

    assert found == [Package("Xgboost_Cpu", "3.1", (HASH,))]
    assert found[0].purl == "pkg:pypi/xgboost-cpu@3.1"


@pytest.mark.parametrize("text", ["", "numpy==1.0\n", "numpy>=1.0\n", "-r other.txt\n"])
def test_a_lock_file_without_pins_or_hashes_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="the lock file"):
        packages(text)


@pytest.mark.parametrize(("dockerfile", "expected"), [
    ("FROM python:3.11 AS packages\nFROM packages\n", ["python:3.11"]),
    ("FROM python:3.11 as a\nfrom python:3.11\nFROM scratch\n", ["python:3.11"]),
    (f"FROM --platform=linux/amd64 python@{DIGEST}\n", [f"python@{DIGEST}"]),
])  # fmt: skip
def test_base_images(dockerfile: str, expected: list[str]) -> None:
    assert base_images(dockerfile) == expected


def test_the_same_image_has_the_same_bill_of_materials() -> None:
    lock, dockerfile = f"a==1 --hash=sha256:{HASH}", f"FROM python:3.11@{DIGEST}"

    one, two = (sbom("i", DIGEST, lock, dockerfile, "2026-01-02T03:04:05Z") for _ in range(2))

    assert one == two
    assert subject_of(one) == DIGEST
    assert one["components"][0]["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]


def test_a_document_without_subject_is_refused() -> None:
    with pytest.raises(OperatorError, match="names no image"):
        subject_of({"metadata": {}})


@pytest.mark.parametrize(("environ", "builder", "invocation"), [
    ({}, "urn:mlops-landing-zone:builder:person", ""),
    ({"CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:1:build/image:7"},
     "arn:aws:codebuild:eu-west-1:1:build/image", "arn:aws:codebuild:eu-west-1:1:build/image:7"),
    ({"GITHUB_RUN_ID": "5", "GITHUB_REPOSITORY": "o/r",
      "GITHUB_WORKFLOW_REF": "o/r/.github/workflows/upload.yml@refs/heads/main"},
     "https://github.com/o/r/.github/workflows/upload.yml@refs/heads/main",
     "https://github.com/o/r/actions/runs/5/attempts/1"),
])  # fmt: skip
def test_the_builder(environ: dict[str, str], builder: str, invocation: str) -> None:
    assert builder_of(environ) == (builder, invocation)
