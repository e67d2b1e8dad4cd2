"""Bytes on their way to an engine or a registry, told as progress."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from amlplan.provider import OperationHandle

_BAR = re.compile(r"\s*(?:\[[=> ]*\].*|[\d.]+ ?[kMG]?B(?:/.*)?)$")
_UNITS = ("B", "KB", "MB", "GB", "TB")
_STEP = 1000
_TOLD = 50 * _STEP**2
"""Bytes of which at least is told that they are gone."""


def sent(pieces: Iterable[bytes], size: int, operation: OperationHandle) -> Iterator[bytes]:
    """The same pieces; how far it is gets told now and then, and the operation can be canceled."""
    gone, told = 0, 0
    step = max(_TOLD, size // 10)
    operation.progress(f"sending {size_text(size)} to the engine")
    for piece in pieces:
        operation.check_cancelled()
        yield piece
        gone += len(piece)
        if gone - told >= step:
            told = gone
            operation.progress(f"sent {size_text(gone)} of {size_text(size)}")


def told_once(operation: OperationHandle) -> Callable[[str], None]:
    """What takes the progress of a pull or a push: each step is told once, without its bars.

    The operation can be canceled at any of them.
    """
    known: set[str] = set()

    def take(text: str) -> None:
        operation.check_cancelled()
        step = _BAR.sub("", text)
        if step not in known:
            known.add(step)
            operation.progress(step)

    return take


def size_text(size: float) -> str:
    """A number of bytes for people, as in 20 KB."""
    unit = 0
    while size >= _STEP and unit < len(_UNITS) - 1:
        size /= _STEP
        unit += 1
    return f"{size:.3g} {_UNITS[unit]}"
