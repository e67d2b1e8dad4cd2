"""Handles that read: of a provider, what plan and drift may call, and nothing that writes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from amlplan.provider import (
    Attaches,
    Derives,
    Finds,
    Identifies,
    Imports,
    Lists,
    Offers,
    Refines,
    Requests,
)

if TYPE_CHECKING:
    from amlplan.provider import Provider, Reads

READING = (
    Finds,
    Lists,
    Derives,
    Refines,
    Requests,
    Offers,
    Attaches,
    Imports,
    Identifies,
)
"""The abilities that only read; to resolve, as `Locks` does, may write into a history."""
_ALWAYS = ("kind", "read")


def reader_of(provider: Provider) -> Reads:
    """A handle with `kind`, `read` and the reading abilities that a provider has.

    It has no other attribute and takes none, so that who holds it cannot create, update or delete.
    """
    handle = _handle_class(type(provider))()
    for name in _handle_class(type(provider)).__slots__:
        setattr(handle, name, getattr(provider, name))
    return cast("Reads", handle)


@cache
def _handle_class(provider: type[object]) -> Any:
    """The class of a provider's handles; its names are what `has` looks for."""
    names = [
        name
        for ability in READING
        if issubclass(provider, ability)
        for name in _methods_of(ability)
    ]
    return type(f"{provider.__name__}Reader", (), {"__slots__": (*_ALWAYS, *names)})


def _methods_of(ability: type[object]) -> list[str]:
    return [name for name in vars(ability) if not name.startswith("_")]
