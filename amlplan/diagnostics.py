"""Messages to users about a place in their configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """Whether the command can go on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of configuration: `filename` as shown to users, and its whole text."""

    filename: str
    text: str


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file: line and column count characters from 1, byte UTF-8 bytes from 0."""

    line: int
    column: int
    byte: int


@dataclass(frozen=True, slots=True)
class SourceRange:
    """Offsets `[start, end)` into a file's text; line and column are computed only when shown."""

    source: SourceFile
    start: int
    end: int

    def position_of(self, offset: int) -> Position:
        """Line, column and byte of an offset; walks the text, so it is for display only."""
        before = self.source.text[:offset]
        line_start = before.rfind("\n") + 1
        return Position(
            line=before.count("\n") + 1,
            column=offset - line_start + 1,
            byte=len(before.encode()),
        )


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message: what is wrong, why, what to do, and where.

    `summary` holds no names of the user's, so that readers learn to recognise it; `code` is
    stable and says the same for machines. `context` names the block around the range, as in
    `compute "ssh" "vm"`. `values` are (expression, description) pairs in scope where it happened.
    """

    severity: Severity
    summary: str
    detail: str
    code: str
    range: SourceRange | None = None
    context: str | None = None
    address: str | None = None
    values: tuple[tuple[str, str], ...] = ()

    def within(self, context: str, address: str | None = None) -> Diagnostic:
        """The message with the block and object that it is about, where it names none."""
        return replace(
            self, context=self.context or context or None, address=self.address or address
        )


def error(
    code: str,
    summary: str,
    detail: str,
    range: SourceRange | None = None,  # noqa: A002 - the diagnostic's own word
    *,
    context: str | None = None,
    address: str | None = None,
    values: tuple[tuple[str, str], ...] = (),
) -> Diagnostic:
    """An error diagnostic."""
    return Diagnostic(Severity.ERROR, summary, detail, code, range, context, address, values)


def warning(code: str, summary: str, detail: str, place: SourceRange | None = None) -> Diagnostic:
    """A diagnostic that stops nothing."""
    return Diagnostic(Severity.WARNING, summary, detail, code, place)
