"""The plans in tests/plans/."""

from __future__ import annotations

import json
from typing import Any

from landing_zone.core.settings import ROOT


def plan(name: str) -> dict[str, Any]:
    return json.loads((ROOT / f"tests/plans/{name}.json").read_text(encoding="utf-8"))
