"""Checks the triggers of a definition (user guide: pipelines-filter)."""

from __future__ import annotations

from typing import Any

from localaws.services.codepipeline import dataflow, globs
from localaws.services.codepipeline.action_types import CONNECTION_SOURCE


def check_triggers(document: dict[str, Any]) -> None:
    """Refuse triggers that AWS refuses.

    Raises:
        AwsError: InvalidStructureException.
    """
    sources = {action["name"]: action for action in document["stages"][0]["actions"]}
    names = []
    for trigger in document.get("triggers", []):
        configuration = trigger["gitConfiguration"]
        name = configuration["sourceActionName"]
        names.append(name)
        if name not in sources:
            raise dataflow.structure_error(
                f"The trigger for source action '{name}' names no action of the source stage; it has"
                f" {', '.join(sources)}"
            )
        provider = sources[name]["actionTypeId"]["provider"]
        if provider != CONNECTION_SOURCE.id.provider:
            raise dataflow.structure_error(
                f"The trigger for source action '{name}', which is of provider {provider}, needs an action"
                f" of provider {CONNECTION_SOURCE.id.provider}"
            )
        for given in [*configuration.get("push", []), *configuration.get("pullRequest", [])]:
            _check_patterns(name, given)
    if repeated := dataflow.repeated(names):
        raise dataflow.structure_error(
            f"A source action can have one trigger; there are several for {', '.join(repeated)}"
        )


def _check_patterns(name: str, given: dict[str, Any]) -> None:
    for kind in ("branches", "tags", "filePaths"):
        criteria = given.get(kind, {})
        for pattern in [*criteria.get("includes", []), *criteria.get("excludes", [])]:
            try:
                globs.compiled(pattern)
            except ValueError as error:
                raise dataflow.structure_error(
                    f"The trigger for source action '{name}' has an invalid pattern in {kind}: {error}"
                ) from error
