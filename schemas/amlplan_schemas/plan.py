"""A plan: what apply will do, what it cannot do yet, and what it will not do."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from amlplan_schemas.base import JsonValue, Stored
from amlplan_schemas.state import Secret

PLAN_FORMAT = 1


class Action(StrEnum):
    """What an operation does to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    """The object stays, and the state lets go of it."""


class FieldSource(StrEnum):
    """Where a changed field stands in a record."""

    INPUT = "input"
    DERIVED = "derived"
    OUTPUT = "output"


class FieldChange(Stored):
    """One leaf that differs. `path` is a JSON Pointer; sensitive sides are null."""

    path: str
    before: JsonValue = None
    after: JsonValue = None
    unknown: bool = False
    sensitive: bool = False
    added: bool = False
    removed: bool = False
    forces_replacement: bool = False
    source: FieldSource = FieldSource.INPUT


class Reason(StrEnum):
    """Why an operation is planned; text for people is made from it."""

    NEW = "new"
    CHANGED = "changed"
    DRIFTED = "drifted"
    DELETED_OUTSIDE = "deleted_outside"
    NO_CONFIGURATION = "no_configuration"
    CANNOT_UPDATE = "cannot_update"
    TAINTED = "tainted"
    TRIGGERED = "triggered"
    REMOVED = "removed"
    INCOMPLETE = "incomplete"
    DESTROY = "destroy"


class Operation(Stored):
    """One thing apply does.

    `before` and `after` are the inputs, derived facts and outputs side by side, null where
    sensitive or unknown; `unknown` and `sensitive` list those leaves by JSON Pointer. `expected`
    is what the provider foresees without promise, shown and never relied on. `depends_on` names
    the addresses whose operations come first.
    """

    address: str
    kind: str
    name: str
    provider: str
    action: Action
    reason: Reason
    generation: int
    changes: tuple[FieldChange, ...] = ()
    before: dict[str, JsonValue] | None = None
    after: dict[str, JsonValue] | None = None
    unknown: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    secrets: dict[str, Secret] = Field(default_factory=dict)
    expected: dict[str, JsonValue] = Field(default_factory=dict)
    calls_provider: bool = True
    depends_on: tuple[str, ...] = ()
    note: str | None = None


class DriftClass(StrEnum):
    """How the world differs from the state."""

    CHANGED_OUTSIDE = "changed_outside"
    DELETED_OUTSIDE = "deleted_outside"
    UNREACHABLE = "unreachable"


class Drift(Stored):
    """A resource whose object is not as the last apply left it."""

    address: str
    kind: str
    name: str
    drift_class: DriftClass
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""


class Deferred(Stored):
    """A resource that cannot be planned yet, without any fault: `next_step` says what makes it."""

    address: str
    kind: str
    reason: str
    next_step: str


class Blocked(Stored):
    """A resource that would change but must not: `next_step` says what frees it."""

    address: str
    kind: str
    reason: str
    next_step: str


class Note(Stored):
    """Something the reader should know that changes nothing."""

    code: str
    text: str
    address: str | None = None


class OutputChange(Stored):
    """How an output of the configuration changes."""

    name: str
    action: Literal["create", "update", "delete"]
    before: JsonValue = None
    after: JsonValue = None
    unknown: bool = False
    sensitive: bool = False


class Bindings(Stored):
    """What a plan was made from; a saved plan is refused when one of these moved on."""

    lineage: str | None
    serial: int
    configuration: dict[str, str]
    amlplan_version: str
    provider_versions: dict[str, str]
    variables: dict[str, JsonValue] = Field(default_factory=dict)
    sensitive_variables: dict[str, str] = Field(default_factory=dict)
    salt: str | None = None
    lock: str | None = None


class Plan(Stored):
    """Operations, deferred items, blocked items and notes, and what they were made from.

    `id` is a digest over everything else, so the same input gives the same plan.
    """

    format_version: int = PLAN_FORMAT
    id: str = ""
    mode: Literal["normal", "destroy"] = "normal"
    moves: dict[str, str] = Field(default_factory=dict)
    """The addresses of recorded objects that the configuration moved, and where to."""
    operations: tuple[Operation, ...] = ()
    drift: tuple[Drift, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    notes: tuple[Note, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    unchanged: int = 0
    bindings: Bindings

    @property
    def waiting(self) -> frozenset[str]:
        """The addresses that are deferred or blocked."""
        deferred = {item.address for item in self.deferred}
        return frozenset(deferred | {item.address for item in self.blocked})
