"""A plan: what apply will do, what it cannot do yet, and what it will not do."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from amlplan_schemas.base import JsonValue, Schema, Stored
from amlplan_schemas.state import Record, Secret

PLAN_FORMAT = 1


class Action(StrEnum):
    """What an operation does to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    """The object stays, and the state lets go of it."""
    REFRESH = "refresh"
    """The object stays, and the state takes over what it is like now."""


class Risk(StrEnum):
    """What an operation may cost: for gates, and for those who approve."""

    NONE = "none"
    """Only the state is written."""
    LOW = "low"
    """Something is added."""
    MEDIUM = "medium"
    """Something that is there changes in place."""
    HIGH = "high"
    """Something that is there is destroyed."""


class FieldSource(StrEnum):
    """Where a changed field stands in a record."""

    INPUT = "input"
    DERIVED = "derived"
    OUTPUT = "output"


KIND = "/kind"
"""The path of a change of the kind itself, as where another target is named."""


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
    NO_MODULE = "no_module"
    COUNT_INDEX = "count_index"
    EACH_KEY = "each_key"
    WRONG_REPETITION = "wrong_repetition"
    CANNOT_UPDATE = "cannot_update"
    TAINTED = "tainted"
    TRIGGERED = "triggered"
    REMOVED = "removed"
    INCOMPLETE = "incomplete"
    DESTROY = "destroy"
    REQUESTED = "requested"
    """An option of the command asks for it."""
    DEPOSED = "deposed"
    """The object was replaced, and its deletion is still to come."""
    REFRESHED = "refreshed"


class Operation(Stored):
    """One thing apply does.

    `before` and `after` are the inputs, derived facts and outputs side by side, null where
    sensitive or unknown; `unknown` and `sensitive` list those leaves by JSON Pointer. `expected`
    is what the provider foresees without promise, shown and never relied on. `depends_on` names
    the addresses whose operations come first. With `create_first` a replacement makes the new
    object before the old one is destroyed. `deposed` is the generation of an object that was
    replaced so and is destroyed now. `importing` is the id of the object that is taken over first.
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
    create_first: bool = False
    deposed: int | None = None
    importing: str | None = None

    @property
    def key(self) -> str:
        """What identifies the operation in its plan: one address may have two."""
        if self.deposed is not None:
            return f"{self.address} (deposed object {self.deposed})"
        only_recorded = self.action in {Action.FORGET, Action.REFRESH}
        return f"{self.address} ({self.action})" if only_recorded else self.address

    @property
    def risk(self) -> Risk:
        """What the operation may cost."""
        if not self.calls_provider or self.action in {Action.FORGET, Action.REFRESH}:
            return Risk.NONE
        if self.action in {Action.DELETE, Action.REPLACE}:
            return Risk.HIGH
        return Risk.MEDIUM if self.action is Action.UPDATE else Risk.LOW


class DriftClass(StrEnum):
    """How the world differs from the state."""

    CHANGED_OUTSIDE = "changed_outside"
    DELETED_OUTSIDE = "deleted_outside"
    UNMANAGED = "unmanaged"
    """It carries an identity of this state, and no record has it."""
    UNREACHABLE = "unreachable"
    PENDING_CONFIG = "pending_config"
    """The configuration asks for something else and was not applied: no drift."""


class Drift(Stored):
    """A resource whose object is not as the last apply left it.

    `before` and `after` are all of its values, as recorded and as seen, null where sensitive.
    """

    address: str
    kind: str
    name: str
    drift_class: DriftClass
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""
    before: dict[str, JsonValue] | None = None
    after: dict[str, JsonValue] | None = None
    sensitive: tuple[str, ...] = ()


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


class CheckKind(StrEnum):
    """Where conditions are stated."""

    CHECK = "check"
    PRECONDITION = "precondition"
    POSTCONDITION = "postcondition"
    OUTPUT = "output"


class CheckStatus(StrEnum):
    """Whether conditions hold."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    ERROR = "error"
    """They could not be evaluated."""
    UNKNOWN = "unknown"
    """Some depend on what is known after apply only, and the others hold."""


class CheckResult(Stored):
    """Whether the conditions of a check, object or output hold, and what is said where not.

    `object_kind` is the kind of block where an object states them.
    """

    address: str
    kind: CheckKind
    status: CheckStatus
    messages: tuple[str, ...] = ()
    object_kind: str | None = None


class Refresh(StrEnum):
    """Which objects are looked at while a plan is made."""

    ALL = "true"
    NONE = "false"
    """None: the state is believed."""
    CHANGED = "changed"
    """Only those that the configuration changes."""
    ONLY = "only"
    """All, and the plan is to write down what they are like; nothing outside changes."""


class PlanOptions(Schema):
    """What was asked of a plan beside its configuration; addresses may name blocks or modules.

    `targets`: nothing else is planned, but what those need. `excluded`: neither they nor what
    needs them is planned. `replace`: made anew. `forget`: the state lets go of them.
    `accept_identity`: what is reached there now is the object, whatever was recorded.
    `imports`: ids of objects to take over, by address.
    """

    refresh: Refresh = Refresh.ALL
    targets: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    accept_identity: tuple[str, ...] = ()
    imports: dict[str, str] = Field(default_factory=dict)


class Import(Stored):
    """An object that is there and becomes the one of an address, with the record it gets."""

    address: str
    id: str
    record: Record


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


Mode = Literal["normal", "destroy", "refresh", "import"]
"""What a plan is for: to match the configuration, to delete all, or only to write the state."""


class Plan(Stored):
    """Operations, deferred items, blocked items and notes, and what they were made from.

    `id` is a digest over everything else, so the same input gives the same plan.
    """

    format_version: int = PLAN_FORMAT
    id: str = ""
    mode: Mode = "normal"
    moves: dict[str, str] = Field(default_factory=dict)
    """The addresses of recorded objects that the configuration moved, and where to."""
    imports: tuple[Import, ...] = ()
    """Objects that are there already, and that the state takes over before anything else."""
    options: PlanOptions = PlanOptions()
    left_out: tuple[str, ...] = ()
    """The addresses that were not planned, because the options leave them out."""
    operations: tuple[Operation, ...] = ()
    drift: tuple[Drift, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    notes: tuple[Note, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    unchanged: int = 0
    bindings: Bindings

    @property
    def has_differences(self) -> bool:
        """Whether apply would do anything."""
        return bool(self.operations or self.outputs or self.moves or self.imports)

    @property
    def waiting(self) -> frozenset[str]:
        """The addresses that are deferred, blocked, or left out."""
        deferred = {item.address for item in self.deferred}
        return frozenset({*deferred, *(item.address for item in self.blocked), *self.left_out})
