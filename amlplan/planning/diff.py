"""What differs between two trees of values, leaf by leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.pointers import pointer
from amlplan_schemas.plan import FieldChange, FieldSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan_schemas.base import JsonValue

_ABSENT: Any = object()


def changed_leaves(
    before: Mapping[str, JsonValue], after: Mapping[str, JsonValue], source: FieldSource
) -> tuple[FieldChange, ...]:
    """The leaves that differ, in the order of `after`'s fields; equal trees cost one comparison."""
    if before == after:
        return ()
    found: list[FieldChange] = []
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name, _ABSENT), after.get(name, _ABSENT)
        if old is _ABSENT or new is _ABSENT or old != new:
            found.extend(_field(name, old, new, source))
    return tuple(found)


def _field(name: str, old: Any, new: Any, source: FieldSource) -> Iterator[FieldChange]:
    if isinstance(old, dict | list) and isinstance(new, dict | list) and type(old) is type(new):
        yield from _nested(name, old, new, source)
        return
    yield FieldChange(
        path=pointer((name,)),
        before=None if old is _ABSENT else old,
        after=None if new is _ABSENT else new,
        added=old is _ABSENT or (old is None and new is not None),
        removed=new is _ABSENT or (new is None and old is not None),
        source=source,
    )


def _nested(name: str, old: Any, new: Any, source: FieldSource) -> Iterator[FieldChange]:
    # Imported at the first difference: it costs more than a whole plan without one.
    from deepdiff import DeepDiff
    from deepdiff.helper import NotPresent

    difference = DeepDiff(
        old, new, view="tree", threshold_to_diff_deeper=0, ignore_numeric_type_changes=True
    )
    changes = []
    for items in difference.values():
        for item in items:
            path = pointer((name, *item.path(output_format="list")))
            added, removed = isinstance(item.t1, NotPresent), isinstance(item.t2, NotPresent)
            changes.append(
                FieldChange(
                    path=path,
                    before=None if added else item.t1,
                    after=None if removed else item.t2,
                    added=added,
                    removed=removed,
                    source=source,
                )
            )
    yield from sorted(changes, key=lambda change: change.path)
