"""Which image URI runs how. One table; a new kind of image is one file here and one line below."""

from __future__ import annotations

import re

from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.images.launch import Image
from localaws.services.sagemaker.images.own import OwnImage
from localaws.services.sagemaker.images.scikit_learn import ScikitLearnImage

_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]*)(?:(?P<by>[:@])(?P<tag>[A-Za-z0-9_.:-]+))?"
)


def find_image(uri: str, account_id: str, region: str) -> Image | None:
    """How to run an image, or None when nothing here can.

    Args:
        uri: as in the request.
        account_id: this account; its repositories hold this project's own image.
        region: SageMaker pulls only from its own region.
    """
    match = _URI.fullmatch(uri)
    if not match or match["region"] != region:
        return None
    if match["account"] == account_id:
        return OwnImage(uri)
    if match["repository"] == "sagemaker-scikit-learn" and match["tag"]:
        return ScikitLearnImage(uri)
    return None


def image_for_job(uri: str, account_id: str, region: str, role_arn: str) -> Image:
    """Like :func:`find_image`, for a job: AWS finds out about an image when it pulls it.

    Raises:
        RequestError: in the words of AWS, and what localaws can run.
    """
    image = find_image(uri, account_id, region)
    if image is None:
        registry, _, rest = uri.partition(".")
        repository = rest.partition("/")[2].partition(":")[0] or uri
        raise RequestError(
            f"Cannot find repository: {repository} in registry ID: {registry} Please check if your ECR "
            f"repository exists and role {role_arn} has proper pull permissions for SageMaker: "
            "ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer. "
            f"The image is {uri}. {RUNNABLE.format(account=account_id, region=region)}"
        )
    return image


RUNNABLE = (
    "localaws runs {account}.dkr.ecr.{region}.amazonaws.com/<name>:<tag> (this project's own image) and "
    "<AWS's account>.dkr.ecr.{region}.amazonaws.com/sagemaker-scikit-learn:<tag>."
)
