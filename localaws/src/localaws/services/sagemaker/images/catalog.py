"""Which image URI runs how. A new kind of image is one module beside this one and one line below."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from localaws.services.ecr.pushed_images import ImageError, PushedImages
from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.images.launch import Image
from localaws.services.sagemaker.images.local_directory import DirectoryImage
from localaws.services.sagemaker.images.pushed import RegistryImage
from localaws.services.sagemaker.images.scikit_learn import ScikitLearnImage
from localaws.services.sagemaker.images.settings import ANY_REPOSITORY, IMAGES_VARIABLE

_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]*)(?:(?P<by>[:@])(?P<tag>[A-Za-z0-9_.:-]+))?"
)


class ImageCatalog:
    """The images that SageMaker can run in one account and region.

    Args:
        account_id: whose repositories hold the images of ``directories``.
        region: SageMaker pulls images from its own region only.
        directories: the programs of a repository's image, of any tag; ``*`` for every other repository.
        pushed: the images in ECR. One that was pushed is used before a directory.
    """

    def __init__(
        self,
        account_id: str,
        region: str,
        directories: Mapping[str, Path],
        pushed: PushedImages | None = None,
    ) -> None:
        self._account_id = account_id
        self._region = region
        self._directories = directories
        self._pushed = pushed

    def find(self, uri: str) -> Image | None:
        """How to run an image, or None when localaws cannot run it.

        Raises:
            ImageError: it was pushed, but cannot run on this machine.
        """
        match = _URI.fullmatch(uri)
        if not match or match["region"] != self._region:
            return None
        if match["account"] == self._account_id:
            pushed = self._pushed.find(uri) if self._pushed else None
            if pushed is not None:
                return RegistryImage(pushed)
            directory = self._directory(match["repository"])
            return None if directory is None else DirectoryImage(uri, directory)
        if match["repository"] == "sagemaker-scikit-learn" and match["tag"]:
            return ScikitLearnImage(uri)
        return None

    def pull(self, uri: str, role_arn: str) -> Image:
        """Like :meth:`find`, for a job: AWS looks for the image only when it starts the job.

        Raises:
            RequestError: in the words of AWS, with what localaws can run.
        """
        try:
            image = self.find(uri)
        except ImageError as error:
            raise RequestError(str(error)) from error
        if image is None:
            registry, _, rest = uri.partition(".")
            repository = rest.partition("/")[2].partition(":")[0] or uri
            raise RequestError(
                f"Cannot find repository: {repository} in registry ID: {registry} Please check if your ECR "
                f"repository exists and role {role_arn} has proper pull permissions for SageMaker: "
                "ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer. "
                f"The image is {uri}. {self.next_step(uri)}"
            )
        return image

    def next_step(self, uri: str) -> str:
        """What localaws runs, and how it would run an image that it does not."""
        match = _URI.fullmatch(uri)
        if match and (match["account"], match["region"]) == (self._account_id, self._region):
            repository = match["repository"]
            known = ", ".join(sorted(self._directories)) or "none"
            return (
                f"localaws runs images of this account that were pushed to ECR, and this one was not. Or it "
                f"runs the programs in a local directory, and {repository} has none (repositories that have "
                f"one: {known}). Push the image, or start localaws with --image {repository}=DIRECTORY or "
                f"{IMAGES_VARIABLE}={repository}=DIRECTORY, the directory with the image's programs."
            )
        host = f"dkr.ecr.{self._region}.amazonaws.com"
        return (
            f"localaws runs {self._account_id}.{host}/<repository>:<tag> after it was pushed, or from the "
            f"directory given by --image or {IMAGES_VARIABLE}, and "
            f"<AWS's account>.{host}/sagemaker-scikit-learn:<tag>."
        )

    def _directory(self, repository: str) -> Path | None:
        return self._directories.get(repository) or self._directories.get(ANY_REPOSITORY)
