"""Build the container image of this commit, push it, and sign what it is made of.

    bash deployment-scripts/build.sh ml-core eu-west-1            builds ml-core:{commit} and pushes it
    bash deployment-scripts/build.sh ml-core eu-west-1 --verify   checks the signature of a pushed image

The tag in the image repository of the deployment is the commit. A tag that exists and is signed is left
alone, so the command may be run again at any time. The bill of materials (CycloneDX) and the provenance
(SLSA) are signed by the deployment's KMS key and stored in the source bucket. build/ci/image/ has image.json
(uri, tag, digest), sbom.cdx.json and provenance.json.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from landing_zone.core.aws import Aws
from landing_zone.core.deployment import load_deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.core.names import Names
from landing_zone.core.settings import DEPLOYMENT, OTHERS, ROOT, Settings, with_defaults
from landing_zone.images import attestations, signature
from landing_zone.images.build import Source, Target, build_image
from landing_zone.images.docker import Docker
from landing_zone.images.repository import pushed_digest
from landing_zone.sources.checkout import git_commit, git_remote, git_untracked, read_manifest

_COMMIT = ("GIT_COMMIT", "CODEBUILD_RESOLVED_SOURCE_VERSION", "GITHUB_SHA")
# SageMaker's image, and what localaws runs without one.
_WITHOUT_IMAGE = {"", "prebuilt", "local"}
_REGION = next(setting for setting in DEPLOYMENT if setting.name == "AWS_REGION")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", help="name of the image on this machine, for example ml-core")
    parser.add_argument("region", help="region of the deployment, for example eu-west-1")
    parser.add_argument("--allow-dirty", action="store_true", help="build with uncommitted changes")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE",
                        help="an argument of the Dockerfile, such as USER=root")  # fmt: skip
    parser.add_argument("--output", type=Path, default=ROOT / "build/ci/image",
                        help="folder of the documents; default: build/ci/image")  # fmt: skip
    parser.add_argument(
        "--verify", action="store_true", help="build nothing; verify IMAGE_TAG, or the commit"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    settings = with_region(settings, args.region)
    require_image_name(args.image)
    wrong = [argument for argument in args.build_arg if not re.fullmatch(r"\w+=.*", argument)]
    if wrong:
        raise OperatorError(f"--build-arg is {wrong[0]!r}; allowed: NAME=VALUE, such as USER=root")
    aws = Aws(settings)
    if args.verify:
        tag = settings.image_tag or commit_to_build(os.environ, ROOT, allow_dirty=True)
        print(verify_tag(aws, settings, tag))
        return 0
    source = Source(
        root=ROOT,
        commit=commit_to_build(os.environ, ROOT, allow_dirty=args.allow_dirty),
        repository=git_remote(ROOT),
        environ=os.environ,
        arguments=tuple(args.build_arg),
    )
    docker = Docker(os.environ.get("DOCKER") or "docker")
    image = build_image(aws, docker, source, target(aws, settings, args.image), args.output)
    print(f"{image.uri}\n{image.digest}, signed\nIMAGE_TAG={image.tag}")
    return 0


def target(aws: Aws, settings: Settings, image: str) -> Target:
    """The image repository, the source bucket and the signing key of the deployment."""
    names = Names(settings, aws.account)
    return Target(
        image=image,
        repository=names.of("image_repository"),
        bucket=load_deployment(aws, settings).source_bucket,
        signing_key=names.signing_key,
    )


def verify_tag(aws: Aws, settings: Settings, tag: str) -> str:
    """Verify the image under a tag; a line that says who built it from which commit."""
    place = target(aws, settings, settings.service)
    digest = pushed_digest(aws.client("ecr"), place.repository, tag)
    if not digest:
        raise OperatorError(
            f"{place.repository} has no image {tag!r}: build it with deployment-scripts/build.sh, or "
            "select another IMAGE_TAG"
        )
    key = signature.public_key(aws.client("kms"), place.signing_key)
    found = attestations.verify_image(aws.client("s3"), place.bucket, digest, tag, key)
    return (
        f"{place.repository}:{tag} {digest} is signed by {key.arn}: built from commit {found.commit} "
        f"by {found.builder}, {found.components} components"
    )


def require_signed_image(aws: Aws, settings: Settings) -> None:
    """Where REQUIRE_SIGNED_IMAGE is true: refuse an image of our own that is not signed."""
    setting = next(one for one in OTHERS if one.name == "REQUIRE_SIGNED_IMAGE")
    value, wrong = setting.read(with_defaults(ROOT, os.environ))
    if wrong:
        raise OperatorError(wrong)
    tag = settings.image_tag or str(read_manifest().get(Key.IMAGE_TAG) or "")
    if value == "true" and tag not in _WITHOUT_IMAGE:
        print(verify_tag(aws, settings, tag))


def commit_to_build(environ: Mapping[str, str], root: Path, *, allow_dirty: bool) -> str:
    """The commit of the checkout; of the build's environment where there is no .git."""
    commit = git_commit(root) or next((environ[name] for name in _COMMIT if environ.get(name)), "")
    clean, _, dirty = commit.partition("-")
    if not re.fullmatch("[0-9a-f]{40}", clean):
        raise OperatorError(
            f"the commit is {commit!r}; allowed: 40 hexadecimal digits, from Git or from "
            f"{', '.join(_COMMIT)}"
        )
    untracked = git_untracked(root, "workflow", "requirements")
    if (dirty or untracked) and not allow_dirty:
        new = f" (new: {', '.join(untracked)})" if untracked else ""
        raise OperatorError(
            f"files differ from commit {clean}{new}, and the image's tag would name sources that it does "
            "not hold. Commit first, or pass --allow-dirty for an image that is not deployed: its tag "
            "ends in -dirty"
        )
    return f"{clean}-dirty" if untracked else commit


def with_region(settings: Settings, region: str) -> Settings:
    """The settings for a region that was given as an argument."""
    _, wrong = _REGION.read({"AWS_REGION": region})
    if wrong:
        raise OperatorError(wrong.replace("AWS_REGION", "the region", 1))
    return replace(settings, region=region)


def require_image_name(name: str) -> None:
    """Refuse what docker would refuse after some minutes."""
    if not re.fullmatch(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*", name):
        raise OperatorError(
            f"the image is {name!r}; allowed: lower-case letters and digits, with single separators "
            "., _ and - between them"
        )
