"""Inputs whose changes do not count: they stay as they were applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from amlplan.config.lifecycle import fits
from amlplan.pointers import tokens_of
from amlplan.values import exact
from amlplan_schemas.base import reference_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.config.lifecycle import Lifecycle, Way
    from amlplan.values import Value
    from amlplan_schemas.base import ResourceInputs
    from amlplan_schemas.state import Record

_ABSENT: Final[Any] = object()


def with_ignored(
    values: dict[str, Value], record: Record, lifecycle: Lifecycle, model: type[ResourceInputs]
) -> dict[str, Value]:
    """The values of a block with those that it ignores as they were recorded.

    A secret cannot be had again: it keeps its new value, whose change does not count. A block
    reference is not ignored, as it leads to an object of now.
    """
    recorded = record.inputs.values
    secrets = frozenset(tokens_of(path) for path in record.inputs.secrets)
    kept = dict(values)
    for name in model.model_fields.keys() - reference_fields(model).keys():
        ways = _below(lifecycle.ignored, name)
        if not ways or name not in recorded:
            continue
        found = _merged(kept.get(name, _ABSENT), exact(recorded[name]), ways, (name,), secrets)
        if found is _ABSENT or found is None:
            kept.pop(name, None)
        else:
            kept[name] = found
    return kept


def _below(ways: Sequence[Way], step: str) -> tuple[Way, ...]:
    """What ways say below a step; one that ends above it says everything."""
    return tuple(way[1:] for way in ways if not way or fits(step, way[0]))


def _merged(
    new: Any,
    old: Any,
    ways: tuple[Way, ...],
    place: tuple[str, ...],
    secrets: frozenset[tuple[str, ...]],
) -> Any:
    """The new value with what the ways lead to as it was, but for secrets."""
    inside = {secret for secret in secrets if secret[: len(place)] == place}
    if () in ways and not inside:
        return old
    if place in inside:
        return new
    if isinstance(new, dict) and isinstance(old, dict):
        merged: dict[str, Any] = {}
        for key in dict.fromkeys((*new, *old)):
            inner = _below(ways, key)
            found = new.get(key, _ABSENT)
            if inner:
                before = old.get(key, _ABSENT)
                found = _merged(found, before, inner, (*place, key), secrets)
            if found is not _ABSENT:
                merged[key] = found
        return merged
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        items = []
        for index, (item, before) in enumerate(zip(new, old, strict=True)):
            inner = _below(ways, str(index))
            way = (*place, str(index))
            items.append(_merged(item, before, inner, way, secrets) if inner else item)
        return items
    return new
