"""What `amlplan drift` finds: how the world, and the configuration, differ from the state."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from amlplan_schemas.plan import DriftClass, FieldChange


class _Reported(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BlockPlace(_Reported):
    """Where a block begins."""

    filename: str = Field(description="Relative to the project's folder, with forward slashes.")
    line: int = Field(ge=1)


class DriftedObject(_Reported):
    """An object that is not as the last apply left it, or that no record has."""

    address: str = Field(description="For what nothing records, the address that it was made for.")
    kind: str
    name: str = Field(description="What it is called outside.")
    drift_class: DriftClass
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""
    identity: str | None = Field(default=None, description="What an unmanaged object carries.")
    place: BlockPlace | None = Field(default=None, description="Its block, where there is one.")


class PendingAction(StrEnum):
    """What an apply would do to an object, going by the configuration alone."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    REFRESH = "refresh"
    MOVE = "move"
    IMPORT = "import"
    DEFERRED = "deferred"
    """Nothing yet: it waits for something else."""
    BLOCKED = "blocked"
    """Nothing: something keeps it from that."""


class PendingConfig(_Reported):
    """Something that the configuration asks for and that was not applied; it is no drift."""

    address: str
    kind: str
    action: PendingAction
    changes: tuple[FieldChange, ...] = ()
    reason: str = ""
    place: BlockPlace | None = None


class ComparedConfiguration(_Reported):
    """Whether the configuration could be compared with the state, and else why not."""

    compared: bool
    reason: str = ""


class LookedAt(_Reported):
    """A resource that the report is about."""

    address: str
    kind: str
    place: BlockPlace | None = None


class DriftReport(_Reported):
    """What `amlplan drift` found. It changed nothing to find it."""

    format_version: Literal["1.0"] = "1.0"
    amlplan_version: str
    lineage: str | None = Field(description="That of the state; null where none was applied.")
    serial: int = Field(ge=0)
    objects: int = Field(ge=0, description="How many recorded objects there are.")
    has_drift: bool = Field(description="Whether something differs; it is what exit code 2 says.")
    drift: tuple[DriftedObject, ...] = Field(description="By address.")
    others: tuple[DriftedObject, ...] = Field(
        description="With -unmanaged: objects of nobody and of other states. They are no drift."
    )
    pending_config: tuple[PendingConfig, ...]
    configuration: ComparedConfiguration
    resources: tuple[LookedAt, ...] = Field(description="Every resource that is recorded.")
    notes: tuple[str, ...] = ()

    def of_class(self, drift_class: DriftClass) -> tuple[DriftedObject, ...]:
        """The drift of one class."""
        return tuple(item for item in self.drift if item.drift_class is drift_class)
