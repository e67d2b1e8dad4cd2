"""Inputs whose changes do not count: they stay as they were applied."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from amlplan.pointers import top_field
from amlplan.values import exact
from amlplan_schemas.base import reference_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amlplan.config.lifecycle import Lifecycle
    from amlplan.values import Value
    from amlplan_schemas.base import ResourceInputs
    from amlplan_schemas.state import Record

Patterns = tuple[tuple[str, ...], ...]
_ABSENT: Final[Any] = object()


def with_ignored(
    values: dict[str, Value], record: Record, lifecycle: Lifecycle, model: type[ResourceInputs]
) -> dict[str, Value]:
    """The values of a block with those that it ignores as they were recorded.

    A secret cannot be had again, and a block reference leads to an object of now: these fields
    keep their new values, whose changes do not count.
    """
    left = {top_field(path) for path in record.inputs.secrets} | reference_fields(model).keys()
    recorded = record.inputs.values
    kept = dict(values)
    for name in model.model_fields:
        patterns = _below(lifecycle.ignored, name)
        if not patterns or name in left or name not in recorded:
            continue
        found = _merged(kept.get(name, _ABSENT), exact(recorded[name]), patterns)
        if found is _ABSENT or found is None:
            kept.pop(name, None)
        else:
            kept[name] = found
    return kept


def _below(patterns: Patterns, step: str) -> Patterns:
    """What patterns say below a step; one that ends above it says everything."""
    return tuple(
        pattern[1:] for pattern in patterns if not pattern or fnmatchcase(step, pattern[0])
    )


def _merged(new: Any, old: Any, patterns: Patterns) -> Any:
    """The new value with what patterns lead to as it was."""
    if () in patterns:
        return old
    if isinstance(new, dict) and isinstance(old, dict):
        merged: dict[str, Any] = {}
        for key in dict.fromkeys((*new, *old)):
            inner = _below(patterns, key)
            found = new.get(key, _ABSENT)
            if inner:
                found = _merged(found, old.get(key, _ABSENT), inner)
            if found is not _ABSENT:
                merged[key] = found
        return merged
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_item(index, new, old, patterns) for index in range(len(new))]
    return new


def _item(index: int, new: Sequence[Any], old: Sequence[Any], patterns: Patterns) -> Any:
    inner = _below(patterns, str(index))
    return _merged(new[index], old[index], inner) if inner else new[index]
