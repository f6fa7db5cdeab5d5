"""The names of what Terraform builds from cicd/."""

from __future__ import annotations

from dataclasses import dataclass

from landing_zone.core.names import Names


@dataclass(frozen=True)
class CicdNames:
    """The names of the pipeline of one deployment."""

    names: Names

    @property
    def prefix(self) -> str:
        return f"{self.names.settings.prefix}-cicd"

    @property
    def pipeline(self) -> str:
        return f"{self.prefix}-pipeline"

    @property
    def artifact_bucket(self) -> str:
        return f"{self.prefix}-{self.names.account}-artifacts"

    @property
    def connection(self) -> str:
        """AWS allows 32 characters."""
        return self.prefix[:32]

    @property
    def log_groups(self) -> str:
        """What the names of the log groups begin with."""
        return f"/aws/codebuild/{self.prefix}-"
