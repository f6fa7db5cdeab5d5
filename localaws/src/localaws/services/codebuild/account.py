"""What the account has besides projects: curated images, and resource policies."""

from __future__ import annotations

import json
from typing import Final

from localaws.core.provider import operation
from localaws.services.codebuild.errors import invalid_input, not_found
from localaws.services.codebuild.resource import Params, Resource

_IMAGES: Final = {
    "AMAZON_LINUX": ("aws/codebuild/amazonlinux-x86_64-standard:5.0",),
    "UBUNTU": ("aws/codebuild/standard:7.0",),
}


class Account(Resource):
    """The operations on images and policies."""

    @operation
    def list_curated_environment_images(self, params: Params) -> Params:
        """ListCuratedEnvironmentImages: those that run here."""
        return {
            "platforms": [
                {
                    "platform": platform,
                    "languages": [
                        {
                            "language": "BASE",
                            "images": [
                                {
                                    "name": name,
                                    "description": "the programs of the machine that runs localaws",
                                    "versions": [],
                                }
                                for name in names
                            ],
                        }
                    ],
                }
                for platform, names in _IMAGES.items()
            ]
        }

    @operation
    def put_resource_policy(self, params: Params) -> Params:
        """PutResourcePolicy. It is kept; there is only one account."""
        arn = params["resourceArn"]
        try:
            json.loads(params["policy"])
        except ValueError as error:
            raise invalid_input(f"Invalid policy: it is not JSON: {error}") from error
        with self.store.lock:
            self._check_exists(arn)
            self.store.policies[arn] = params["policy"]
        return {"resourceArn": arn}

    @operation
    def get_resource_policy(self, params: Params) -> Params:
        """GetResourcePolicy."""
        with self.store.lock:
            if params["resourceArn"] not in self.store.policies:
                raise not_found(f"Resource policy cannot be found: {params['resourceArn']}")
            return {"policy": self.store.policies[params["resourceArn"]]}

    @operation
    def delete_resource_policy(self, params: Params) -> Params:
        """DeleteResourcePolicy. A policy that does not exist is no error."""
        with self.store.lock:
            self.store.policies.pop(params["resourceArn"], None)
        return {}

    def _check_exists(self, arn: str) -> None:
        projects = {project.document["arn"] for project in self.store.projects.values()}
        if arn not in projects and arn not in self.store.report_groups:
            raise not_found(f"Resource cannot be found: {arn}")
