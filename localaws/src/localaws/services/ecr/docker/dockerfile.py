"""The base images that a Dockerfile names."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LINE = re.compile(r"^\s*(?P<word>ARG|FROM)\s+(?P<rest>.+?)\s*$", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")


def base_images(text: str, build_arguments: Mapping[str, str]) -> list[str]:
    """The images after FROM, each once: neither ``scratch`` nor earlier stages of the same file.

    Args:
        text: the Dockerfile.
        build_arguments: the values of ``--build-arg``, which win over those of ARG.
    """
    values: dict[str, str] = {}
    stages: set[str] = {"scratch"}
    found: list[str] = []
    seen_from = False
    for line in re.sub(r"\\\n", " ", text).splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        if match["word"].upper() == "ARG":
            name, _, default = match["rest"].partition("=")
            # Only what stands before the first FROM counts for a FROM.
            if not seen_from:
                values[name] = build_arguments.get(name, default.strip("\"'"))
            continue
        seen_from = True
        words = [word for word in match["rest"].split() if not word.startswith("--")]
        image = _VARIABLE.sub(
            lambda m: values.get(m["braced"] or m["plain"]) or m["default"] or "", words[0]
        )
        if image.lower() not in stages and image not in found:
            found.append(image)
        if len(words) == 3 and words[1].upper() == "AS":
            stages.add(words[2].lower())
    return found
