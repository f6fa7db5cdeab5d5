"""How an attribute of moto is replaced. ``localaws.patches`` has the table of all that are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from inspect import isfunction
from typing import Any, Literal

from localaws.core.context import ContextFactory


@dataclass(frozen=True)
class Patch:
    """One attribute of moto that localaws replaces."""

    target: str
    """``module:attribute`` or ``module:Class.attribute`` of moto."""
    replacement: str
    """``module:name`` of localaws, imported when the patch is applied."""
    reason: str
    """What is wrong in moto."""
    test: str
    """The node id, for pytest, of a test that fails without this patch."""
    factory_argument: Literal["original", "context_factory"] | None = None
    """None: the replacement becomes the attribute as it is. Otherwise the replacement is called with this
    argument, and its result becomes the attribute. ``original`` is the attribute as moto has it,
    ``context_factory`` that of the server."""


class PatchError(RuntimeError):
    """moto does not have what a patch replaces."""


def apply(patches: Iterable[Patch], context_factory: ContextFactory) -> ExitStack:
    """Replace the target of each patch.

    A function of a module is also replaced in the other modules of moto that have imported it.

    Returns:
        Restores moto when it is closed, which only tests do.

    Raises:
        PatchError: moto does not have one of the targets. Nothing is replaced in this case.
    """
    found = [(patch, *find(patch)) for patch in patches]
    undo = ExitStack()
    for patch, owner, name in found:
        original = getattr(owner, name)
        value = _resolve(patch.replacement)
        if patch.factory_argument is not None:
            value = value(original if patch.factory_argument == "original" else context_factory)
        for place in [owner, *_importers(owner, name)]:
            undo.callback(setattr, place, name, vars(place)[name])
            setattr(place, name, value)
    return undo


def find(patch: Patch) -> tuple[Any, str]:
    """The module, class or object that defines the target, and the name of the attribute."""
    module_name, _, path = patch.target.partition(":")
    *parents, name = path.split(".")
    try:
        owner = import_module(module_name)
        for parent in parents:
            owner = getattr(owner, parent)
    except (ImportError, AttributeError) as error:
        raise _missing(patch, str(error)) from error
    # An inherited attribute would be shadowed by the replacement, not replaced.
    if name not in vars(owner):
        raise _missing(patch, f"{owner!r} does not define {name}")
    return owner, name


def _missing(patch: Patch, reason: str) -> PatchError:
    from moto import __version__

    return PatchError(
        f"moto {__version__} does not have {patch.target}, which localaws replaces: {reason}. Install "
        "the version of moto that localaws requires, or see docs/raising-moto.md in its repository."
    )


def _resolve(name: str) -> Any:
    module_name, _, path = name.partition(":")
    found: Any = import_module(module_name)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _importers(owner: Any, name: str) -> list[Any]:
    """The modules of moto that have imported a function of ``owner`` by name."""
    original = getattr(owner, name)
    if not isfunction(original) or original.__module__ != getattr(owner, "__name__", ""):
        return []
    return [
        module
        for module_name, module in list(sys.modules.items())
        if module_name.startswith("moto.")
        and module is not owner
        and vars(module).get(name) is original
    ]
