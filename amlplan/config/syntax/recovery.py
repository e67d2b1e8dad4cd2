"""Finds where parsing goes on after a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from amlplan.config.syntax import tokens as token

if TYPE_CHECKING:
    from amlplan.config.syntax.reader import Reader

_CLOSES: Final = {")": "(", "]": "[", "}": "{"}
_AFTER_NAME: Final = frozenset({"=", "{", token.STRING, token.IDENTIFIER})


def go_to_next_item(reader: Reader, begin: int, *, in_block: bool) -> None:
    """Go to the position behind the item that begins at `begin` and failed at the reader's.

    That is the line break behind it outside all its brackets, where the next line looks like an
    item, or the brace that closes the block around it. Where a bracket was left open,
    the layout tells: a line that looks like an item and stands no further right than the failed
    one begins the next.
    """
    failed_at = max(reader.position, begin)
    column = _column(reader, begin)
    opened: list[str] = []
    position = begin
    while (kind := reader.kinds[position]) != token.END:
        is_behind = position >= failed_at and position > begin
        if is_behind and _begins_item(reader, position, column):
            reader.position = position
            if kind != "}":
                reader.read_again()
            return
        if kind in {"(", "[", "{"}:
            opened.append(kind)
        elif kind in _CLOSES:
            if _CLOSES[kind] in opened:
                while opened.pop() != _CLOSES[kind]:
                    pass
            elif kind == "}" and is_behind and in_block:
                break
        elif kind == token.NEWLINE and not opened and is_behind and _ends_item(reader, position):
            break
        position += 1
    reader.position = position


def _ends_item(reader: Reader, position: int) -> bool:
    """Say whether the line behind a line break is no rest of the failed item."""
    kind = reader.kinds[position + 1]
    return kind in {"}", token.END} or (
        kind == token.IDENTIFIER and reader.kinds[position + 2] in _AFTER_NAME
    )


def _column(reader: Reader, position: int) -> int:
    start = reader.starts[position]
    return start - (reader.text.rfind("\n", 0, start) + 1)


def _begins_item(reader: Reader, position: int, column: int) -> bool:
    """Say whether a line begins here that looks like an item or a brace left of the failed one."""
    kind, start = reader.kinds[position], reader.starts[position]
    line_start = reader.text.rfind("\n", reader.starts[position - 1], start) + 1
    if not line_start or reader.text[line_start:start].strip():
        return False
    if kind in {"}", token.SEQUENCE_CLOSE}:
        return start - line_start < column
    return (
        kind == token.IDENTIFIER
        and start - line_start <= column
        and reader.kinds[position + 1] in _AFTER_NAME
        and "\n" not in reader.text[start : reader.starts[position + 1]]
    )
