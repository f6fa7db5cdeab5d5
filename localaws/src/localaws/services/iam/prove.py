"""The files of ``localaws iam record`` and ``localaws iam prove``, and the report of a proof."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from localaws.services.iam.authorization import Kind
from localaws.services.iam.proof import Judgement, Unproven
from localaws.services.iam.recording import Recording, compacted


class ProofError(Exception):
    """The policies are not proven; the text lists what is missing."""


def read_recordings(paths: Sequence[Path]) -> Recording:
    """One recording of several files. The policies of the first one count."""
    first, *others = [Recording.read(json.loads(path.read_text())) for path in paths]
    for other in others:
        first = first.merged(other)
    return first


def write_recording(recording: Recording, path: Path) -> None:
    """Write a normalized recording, one sample per line, so that a version control shows changes."""
    document = compacted(recording).document()
    samples = ",\n".join(json.dumps(item, sort_keys=True) for item in document.pop("samples"))
    head = json.dumps(document, indent=1)[:-2]
    path.write_text(f'{head},\n "samples": [\n{samples}\n]}}\n')


def read_unproven(path: Path) -> Sequence[Unproven]:
    """The table of survivors that are kept.

    Raises:
        ProofError: a row lacks something.
    """
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("unproven", [])
    wanted = {"owner", "part", "reason", "url"}
    for row in rows:
        if row.keys() != wanted or not all(row.values()):
            raise ProofError(f"{path}: a row has {', '.join(sorted(wanted))}, not {row}")
    return [Unproven(**row) for row in rows]


def report(judgements: Sequence[Judgement], unproven: Sequence[Unproven]) -> Iterator[str]:
    """What was proven, and how, in lines.

    Raises:
        ProofError: a mutant survives that no row names, or a row names none.
    """
    for name, is_wider in (("removed", False), ("widened", True)):
        found = [item for item in judgements if item.mutant.is_wider is is_wider]
        kinds = Counter(item.killed_by.kind for item in found if item.killed_by is not None)
        classes = ", ".join(f"{kinds[kind]} {kind.value}" for kind in Kind)
        survivors = sum(item.killed_by is None for item in found)
        yield f"{name}: {len(found)} mutants, killed: {classes}; survivors: {survivors}"
    survivors_left = [item for item in judgements if item.killed_by is None]
    unused = [row for row in unproven if not any(row.names(item) for item in survivors_left)]
    unnamed = [item for item in survivors_left if not any(row.names(item) for row in unproven)]
    yield f"{len(survivors_left) - len(unnamed)} survivors have a reason in the table"
    lines = [f"nothing needs {item.atom}" for item in unnamed]
    lines += [f"the table names {row.owner} {row.part}, which does not survive" for row in unused]
    if lines:
        raise ProofError("\n".join(lines))
