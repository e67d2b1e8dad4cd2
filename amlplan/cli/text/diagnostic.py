"""A diagnostic as text: summary, place with its line and a caret, detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.style import visible

if TYPE_CHECKING:
    from amlplan.diagnostics import Diagnostic, SourceRange

_WIDEST = 160
"""A longer line of source is cut around the place, so that it stays readable."""


def diagnostic_text(diagnostic: Diagnostic, label: str) -> str:
    """The whole message; `label` is "Error:" or "Warning:" in whatever style."""
    parts = [f"{label} {diagnostic.summary}", ""]
    if diagnostic.range is not None:
        parts += [*_place(diagnostic.range, diagnostic.context), ""]
    elif diagnostic.address is not None:
        parts += [f"  with {diagnostic.address}", ""]
    if diagnostic.values:
        parts += [f"    {name} is {visible(shown)}" for name, shown in diagnostic.values]
        parts.append("")
    parts.append(visible(diagnostic.detail))
    return "\n".join(parts)


def _place(place: SourceRange, context: str | None) -> list[str]:
    start = place.position_of(place.start)
    inside = f", in {context}" if context else ""
    header = f"  on {place.source.filename} line {start.line}{inside}:"
    text = place.source.text
    line_start = text.rfind("\n", 0, place.start) + 1
    line_end = text.find("\n", place.start)
    line = text[line_start : len(text) if line_end < 0 else line_end].rstrip("\r")
    if not text:
        return [f"  on {place.source.filename}{inside}"]
    offset = place.start - line_start
    width = max(1, min(place.end, line_start + len(line)) - place.start)
    stripped = line.lstrip()
    offset = max(0, offset - (len(line) - len(stripped)))
    stripped, offset, width = _cut(stripped.rstrip(), offset, width)
    prefix = f"  {start.line}:   "
    caret = " " * (len(prefix) + offset) + "^" * width
    shown = "".join(char if char.isprintable() else " " for char in stripped)
    return [header, prefix + shown, caret]


def _cut(line: str, offset: int, width: int) -> tuple[str, int, int]:
    if len(line) <= _WIDEST:
        return line, offset, width
    first = max(0, offset - _WIDEST // 2)
    shown = line[first : first + _WIDEST]
    if first:
        shown = "…" + shown[1:]
    return shown, offset - first, min(width, _WIDEST - (offset - first))
