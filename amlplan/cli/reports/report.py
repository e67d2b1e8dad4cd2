"""A report as plain data, from which every form of it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlplan_schemas.drift import BlockPlace, LookedAt


class Level(StrEnum):
    """How loud a finding is, in the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Outcome(IntEnum):
    """What a finding means for its resource as a test case; a higher one wins."""

    SKIPPED = 1
    FAILURE = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """What findings of a sort have in common; `id` never changes."""

    id: str
    name: str
    """For machines, in PascalCase."""
    heading: str
    level: Level
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is told of one resource.

    `title` is one line without values, `text` the lines that people see of it, without colours.
    `key` tells findings of a rule apart, and is the same in every run.
    """

    rule: Rule
    key: str
    address: str
    kind: str
    title: str
    text: str
    place: BlockPlace | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects are added, changed and destroyed."""

    create: int = 0
    update: int = 0
    delete: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What one command found.

    `resources` are all that it looked at, found fault with or not. `remarks` are sentences beside
    the findings. `somewhere` is where a finding without a block is shown.
    """

    title: str
    summary: str
    resources: tuple[LookedAt, ...]
    findings: tuple[Finding, ...]
    counts: Counts
    has_changes: bool
    has_drift: bool
    somewhere: BlockPlace | None = None
    remarks: tuple[str, ...] = field(default=())
