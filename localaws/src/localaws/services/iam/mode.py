"""Whether the decisions of IAM are made, recorded or enforced."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from localaws.core.access import SettingError

SETTING: Final = "LOCALAWS_IAM"


class Mode(Enum):
    """What happens with the decisions."""

    OFF = "off"
    """Nothing is decided. Signatures are verified in every mode."""
    AUDIT = "audit"
    """Decisions are recorded, and nothing is refused."""
    ENFORCE = "enforce"
    """What the policies do not allow is refused as on AWS."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Mode:
        """The value of LOCALAWS_IAM.

        Raises:
            SettingError: it is none of the modes.
        """
        text = environ.get(SETTING) or cls.OFF.value
        try:
            return cls(text)
        except ValueError as error:
            allowed = ", ".join(mode.value for mode in cls)
            raise SettingError(f"{SETTING} is {text!r}; allowed are {allowed}") from error
