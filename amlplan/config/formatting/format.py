"""Gives a file its canonical layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.formatting.alignment import align
from amlplan.config.formatting.lines import lines_of, text_of
from amlplan.config.formatting.simplifications import simplified
from amlplan.config.formatting.spacing import indent, space
from amlplan.config.syntax.parser import parse

if TYPE_CHECKING:
    from amlplan.diagnostics import Diagnostic, SourceFile


def formatted(source: SourceFile) -> tuple[str, list[Diagnostic]]:
    """The text of a file in canonical layout; with syntax errors as it is, with what is wrong.

    The result means the same, and formatting it again changes nothing.
    """
    body, problems = parse(source)
    if problems:
        return source.text, problems
    lines = lines_of(simplified(source.text, body))
    indent(lines)
    space(lines)
    align(lines)
    return text_of(lines), []
