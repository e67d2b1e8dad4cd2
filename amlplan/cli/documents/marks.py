"""Marks on the leaves of a value: which are unknown, and which sensitive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amlplan.pointers import tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amlplan_schemas.base import JsonValue


def marks(tree: JsonValue, pointers: Iterable[str]) -> JsonValue:
    """True at each pointer, in a value of the tree's form; false where there is no tree."""
    if tree is None:
        return False
    return _marked(tree, [tokens_of(path) for path in pointers])


def _marked(tree: JsonValue, ways: list[tuple[str, ...]]) -> JsonValue:
    if any(not way for way in ways):
        return True
    inner: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in ways:
        inner.setdefault(first, []).append(tuple(rest))
    if isinstance(tree, list):
        return [
            _marked(item, inner[str(position)]) if str(position) in inner else False
            for position, item in enumerate(tree)
        ]
    known = tree if isinstance(tree, dict) else {}
    return {name: _marked(known.get(name), rest) for name, rest in sorted(inner.items())}


def path_of(tree: JsonValue, pointer: str) -> list[str | int]:
    """The steps of a pointer; those into lists of the tree are numbers."""
    return list(_steps(tree, tokens_of(pointer)))


def _steps(tree: Any, tokens: tuple[str, ...]) -> Iterator[str | int]:
    for token in tokens:
        if isinstance(tree, list) and token.isdecimal():
            yield int(token)
            tree = tree[int(token)] if int(token) < len(tree) else None
        else:
            yield token
            tree = tree.get(token) if isinstance(tree, dict) else None
