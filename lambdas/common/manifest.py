"""The manifest: the contract between Git, the functions and the state machines.

config/manifest.schema.json says of each key what it may be and who fills it. Two rules are not JSON Schema,
so they are here: in Git the keys that a run fills are empty, and in a run none of them is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError
from common.schema import Schema, problems_of, shown

Manifest = dict[str, Any]

# Who fills a key (x-filled-by of the schema), in the order of a run. The state machines only read.
PERSON, UPLOAD, CREATE_SCHEMA, UPDATE_SCHEMA = "person", "upload", "create_schema", "update_schema"
FILLERS = (PERSON, UPLOAD, CREATE_SCHEMA, UPDATE_SCHEMA)

SUBJECT = "config/manifest.json"
_FIX = (
    "Correct config/manifest.json (config/manifest.schema.json describes each key), commit it and "
    "run deployment-scripts/upload-source-files.sh."
)
_DEFECT = "The run's manifest is made by create_schema and update_schema: this is a defect there."


def load_schema(name: str) -> Schema:
    """A schema of config/: beside the package in a function's zip, in config/ in the repository."""
    here = Path(__file__).resolve().parents[1]
    places = (here / "config" / name, here.parent / "config" / name)
    place = next((place for place in places if place.is_file()), None)
    if place is None:
        raise FileNotFoundError(f"{name}: looked for {' and '.join(map(str, places))}")
    schema: Schema = json.loads(place.read_text(encoding="utf-8"))
    return schema


def keys_filled_by(schema: Schema, *fillers: str) -> list[str]:
    return [key for key, rule in schema["properties"].items() if rule["x-filled-by"] in fillers]


def keys_of_a_run(schema: Schema, last: str) -> list[str]:
    """All keys that are filled once `last` of the FILLERS has done its part."""
    return keys_filled_by(schema, *FILLERS[: FILLERS.index(last) + 1])


def may_be_empty(schema: Schema, key: str) -> bool:
    """Whether the key may stay empty in a run: no image of our own, no champion to compare with."""
    return bool(schema["properties"][key].get("x-may-be-empty"))


def check_git_manifest(schema: Schema, document: Any) -> Manifest:
    """The manifest as people write it; raise with everything that is wrong."""
    problems = problems_of(schema, document)
    if isinstance(document, dict):
        problems += [
            f"{key}: found {shown(document[key])}; allowed: empty, each run fills it in"
            for key in keys_filled_by(schema, CREATE_SCHEMA, UPDATE_SCHEMA)
            if document.get(key) not in (None, "")
        ]
    if problems:
        raise ConfigurationError(SUBJECT, problems, _FIX)
    manifest: Manifest = dict(document)
    return manifest


def check_run_manifest(schema: Schema, document: Mapping[str, Any], last: str) -> Manifest:
    """The manifest of a run after `last` of the FILLERS: valid, and complete so far."""
    problems = problems_of(schema, dict(document))
    for key in keys_of_a_run(schema, last):
        if may_be_empty(schema, key):
            problems += [] if key in document else [f"{key}: missing"]
        elif document.get(key) in (None, ""):
            problems.append(f"{key}: found {shown(document.get(key))}; allowed: not empty in a run")
    if problems:
        raise ConfigurationError("manifest of the run", problems, _DEFECT)
    return dict(document)
