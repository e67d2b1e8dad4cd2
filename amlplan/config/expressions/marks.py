"""Sensitive marks: taken off before an operation, put on its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.expressions.typed_collections import like, like_mapping
from amlplan.values import UNKNOWN, SecretReference, Sensitive

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan.values import Value


def marked(value: Value, is_sensitive: bool = True) -> Value:  # noqa: FBT001, FBT002 - reads as a verb
    """Give the value as sensitive, once; a reference to a secret is sensitive as it is."""
    if not is_sensitive or isinstance(value, Sensitive | SecretReference):
        return value
    return Sensitive(value)


def unmarked(value: Value) -> tuple[Value, bool]:
    """Give the value without its own mark, and whether it had one; marks inside stay."""
    was_marked = False
    while isinstance(value, Sensitive):
        value, was_marked = value.value, True
    return value, was_marked


def content(value: Value, resolve: Callable[[SecretReference], Value]) -> tuple[Value, bool]:
    """Give what an operation works on, and whether its result must be marked."""
    if isinstance(value, SecretReference):
        return unmarked(resolve(value))[0], True
    value, was_marked = unmarked(value)
    if isinstance(value, SecretReference):
        return unmarked(resolve(value))[0], True
    return value, was_marked


def deep_content(value: Value, resolve: Callable[[SecretReference], Value]) -> tuple[Value, bool]:
    """Give the value without any mark or reference in it, and whether there was one."""
    return _deep(value, lambda each: content(each, resolve))


def deep_unmarked(value: Value) -> tuple[Value, bool]:
    """Give the value without any mark in it, and whether there was one; references stay."""
    return _deep(value, unmarked)


def _deep(value: Value, bare: Callable[[Value], tuple[Value, bool]]) -> tuple[Value, bool]:
    value, was_marked = bare(value)
    if isinstance(value, list):
        items = [_deep(item, bare) for item in value]
        if any(mark for _, mark in items):
            return like(value, [item for item, _ in items]), True
    elif isinstance(value, dict):
        pairs = {key: _deep(item, bare) for key, item in value.items()}
        if any(mark for _, mark in pairs.values()):
            return like_mapping(value, {key: item for key, (item, _) in pairs.items()}), True
    return value, was_marked


def holds_unknown(value: Value) -> bool:
    """Say whether an unmarked value is unknown or holds something unknown."""
    if isinstance(value, list):
        return any(holds_unknown(item) for item in value)
    if isinstance(value, dict):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, Sensitive):
        return holds_unknown(value.value)
    return value is UNKNOWN
