"""Settings from the function's environment, with all problems reported at once."""

from __future__ import annotations

from collections.abc import Mapping

from common.errors import ConfigurationError
from common.log import LEVELS


class Environment:
    """Reads variables and remembers what is wrong with them until `check` is called."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[str] = []

    def required(self, name: str) -> str:
        value = self._variables.get(name, "").strip()
        if not value:
            self._problems.append(f"environment variable {name} is not set")
        return value

    def optional(self, name: str, default: str = "") -> str:
        return self._variables.get(name, "").strip() or default

    def check(self) -> None:
        """Raise ConfigurationError with all problems, that of LOG_LEVEL among them."""
        level = self.optional("LOG_LEVEL", "INFO")
        if level not in LEVELS:
            self._problems.append(f"LOG_LEVEL: found {level!r}; allowed: {', '.join(LEVELS)}")
        if self._problems:
            raise ConfigurationError(
                "Lambda function",
                self._problems,
                "Terraform sets these variables (infra/modules): apply it again.",
            )
