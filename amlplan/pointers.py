"""JSON Pointers (RFC 6901): places of leaves in trees of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amlplan_schemas.base import JsonValue

Tokens = tuple[str | int, ...]


def pointer(tokens: Iterable[str | int]) -> str:
    """The pointer of a path, as in `/tags/team`."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens_of(path: str) -> tuple[str, ...]:
    """The path of a pointer; positions in lists stay text."""
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:])


def top_field(path: str) -> str:
    """The first step of a pointer: the resource's field it lies in."""
    return tokens_of(path)[0] if path else ""


def value_at(tree: JsonValue, path: str) -> JsonValue:
    """The value at a pointer; raises LookupError where there is none."""
    for token in tokens_of(path):
        tree = tree[int(token)] if isinstance(tree, list | tuple) else tree[token]
    return tree


def with_value(tree: JsonValue, tokens: tuple[str, ...], value: JsonValue) -> JsonValue:
    """A copy of a tree with another value at a path; steps that are missing are made as dicts."""
    if not tokens:
        return value
    first, rest = tokens[0], tokens[1:]
    if isinstance(tree, list):
        position = int(first)
        return [
            with_value(item, rest, value) if index == position else item
            for index, item in enumerate(tree)
        ]
    inner = tree if isinstance(tree, dict) else {}
    return {**inner, first: with_value(inner.get(first), rest, value)}
