"""The state: what amlplan made, as it last knew it. Format 1."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from amlplan_schemas.base import JsonValue, Stored

STATE_FORMAT = 1


class Secret(Stored):
    """What is kept of a sensitive leaf: a salted scrypt digest, and the reference it came from."""

    digest: str | None = None
    scheme: Literal["env", "file", "command"] | None = None
    argument: str | tuple[str, ...] | None = None


class Tree(Stored):
    """A tree of values without secrets and without holes.

    `values` is JSON with null at each sensitive leaf; `secrets` says by JSON Pointer (RFC 6901)
    what stood there.
    """

    values: dict[str, JsonValue] = Field(default_factory=dict)
    secrets: dict[str, Secret] = Field(default_factory=dict)


class Target(Stored):
    """A block that a resource refers to, as it was when the resource was made."""

    address: str
    kind: str
    identity: str


class Status(StrEnum):
    """How a record may be relied on."""

    OK = "ok"
    TAINTED = "tainted"
    """Its create failed after the object was made, or its replacement failed: it is replaced by
    the next apply."""
    INCOMPLETE = "incomplete"
    """Its operation was interrupted: the next apply continues it after the steps done."""


class Held(Stored):
    """Why a deployment stays at a revision although the configuration asks for another."""

    revision: str
    by: str
    why: str


class Unprotected(Stored):
    """Who lifted the protection of an object against destruction, and why."""

    by: str
    at: str
    why: str


class Record(Stored):
    """One resource as it was last applied.

    `inputs` is what the user wanted, `derived` the exact facts of its content, `outputs` what the
    provider computed. `identity` is lineage, address and generation: the idempotency key that
    the object carries outside.
    """

    address: str
    kind: str
    name: str
    generation: int
    identity: str
    provider: str
    schema_version: int = 1
    inputs: Tree = Field(default_factory=Tree)
    derived: dict[str, JsonValue] = Field(default_factory=dict)
    outputs: Tree = Field(default_factory=Tree)
    depends_on: tuple[str, ...] = ()
    targets: dict[str, Target] = Field(default_factory=dict)
    connection: Tree | None = None
    status: Status = Status.OK
    steps: dict[str, JsonValue] = Field(default_factory=dict)
    steps_for: str | None = None
    """A digest of what the steps were done for: steps towards something else are not done."""
    deposed: tuple[Record, ...] = ()
    """The objects that were replaced by this one and still have to be deleted, as recorded."""
    protected: bool = False
    unprotected: Unprotected | None = None
    """Set where `protected` was lifted in the state, until the next operation on the object."""
    held: Held | None = None


class Intent(Stored):
    """An operation that was begun: written before the provider is called, answered by its outcome.

    `draft` is the record as it will be if a create or update succeeds, or the one that a delete
    removes; `find` looks for its object where no outcome was written.
    """

    operation: str
    action: Literal["create", "update", "delete"]
    address: str
    draft: Record
    plan: str
    steps: dict[str, JsonValue] = Field(default_factory=dict)


class StateOutput(Stored):
    """An output of the configuration; a sensitive one is kept as a digest only."""

    value: JsonValue = None
    secret: Secret | None = None


class Applied(Stored):
    """Who last applied, with what, for the history of a state."""

    plan: str
    by: str
    host: str
    at: str
    commit: str | None = None
    complete: bool = True
    """Whether every operation of the plan was carried out."""
    forgotten: tuple[str, ...] = ()
    """The addresses that it let go of, their objects being left alone."""


class Edit(Stored):
    """A command other than an apply that wrote a snapshot: which, by whom and when."""

    command: str
    by: str
    host: str
    at: str


class State(Stored):
    """Everything amlplan remembers. `serial` rises by one with each snapshot written."""

    format_version: int = STATE_FORMAT
    tool_version: str
    lineage: str
    serial: int
    salt: str
    records: dict[str, Record] = Field(default_factory=dict)
    outputs: dict[str, StateOutput] = Field(default_factory=dict)
    pending: dict[str, Intent] = Field(default_factory=dict)
    applied: Applied | None = None
    edit: Edit | None = None
    """What wrote this snapshot, where no apply did; `applied` is who applied before."""
    underway: str | None = None
    """The plan whose operations stand in the journal: an apply that goes on, or was killed."""
