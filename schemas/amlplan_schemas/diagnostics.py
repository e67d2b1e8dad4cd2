"""Mistakes as machines read them, in the shape that editors know from Terraform."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Reported(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Reported):
    """A place in a file."""

    line: int = Field(ge=1, description="From 1.")
    column: int = Field(ge=1, description="In characters, from 1.")
    byte: int = Field(ge=0, description="In bytes of UTF-8, from 0.")


class Range(_Reported):
    """A part of a file."""

    filename: str
    start: Place
    end: Place = Field(description="Behind the last character.")


class ShownValue(_Reported):
    """What a part of the expression was when it failed; nothing sensitive."""

    traversal: str
    statement: str = Field(description="As it follows the traversal in a sentence.")


class Snippet(_Reported):
    """The lines of a range."""

    context: str | None = Field(description="The block around it.")
    code: str
    start_line: int = Field(ge=1)
    highlight_start_offset: int = Field(ge=0, description="In bytes of the code.")
    highlight_end_offset: int = Field(ge=0, description="In bytes of the code.")
    values: tuple[ShownValue, ...]


class DiagnosticReport(_Reported):
    """One mistake or warning."""

    severity: Literal["error", "warning"]
    summary: str = Field(description="The same for everybody.")
    detail: str
    code: str = Field(pattern="^[a-z][a-z0-9_]*$", description="Stable, see docs/errors.md.")
    address: str | None = Field(default=None, description="The object that it is about.")
    range: Range | None = None
    snippet: Snippet | None = None


class ValidationReport(_Reported):
    """What `amlplan validate -json` prints."""

    format_version: Literal["1.0"] = "1.0"
    valid: bool
    error_count: int = Field(ge=0)
    warning_count: int = Field(ge=0)
    diagnostics: tuple[DiagnosticReport, ...]
