"""The step image: which image the jobs and the endpoint of a commit use."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT

BUILD, PREBUILT = "build", "prebuilt"
RESULT = ROOT / "build/ci/image/image.json"


@dataclass(frozen=True)
class Image:
    """The tag that the manifest names, and the digest of the image where it was pushed."""

    tag: str
    digest: str = ""


def provide(wanted: str, ecr: Any, repository: str, region: str) -> Image:
    """Build and push the image of this commit; any other value of IMAGE is the tag of the image to use."""
    if wanted != BUILD:
        print(f"IMAGE is {wanted}: no image is built")
        return Image(wanted)
    if not _exists(ecr, repository):
        print(
            f"the repository {repository} does not exist yet: this run deploys it, and its jobs use "
            "SageMaker's own image. The next run builds one"
        )
        return Image(PREBUILT)
    done = subprocess.run(
        ["bash", str(ROOT / "deployment-scripts/build.sh"), repository, region],
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise OperatorError(f"build.sh {repository} {region} failed; its message is above")
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    return Image(str(result["tag"]), str(result["digest"]))


def _exists(ecr: Any, repository: str) -> bool:
    try:
        ecr.describe_repositories(repositoryNames=[repository])
    except ClientError as error:
        if error_code(error) == "RepositoryNotFoundException":
            return False
        raise
    return True
