"""Protocols of providers: how one kind of resource is read, created, updated and deleted.

A provider is a class that an entry point in `amlplan.providers` names; the entry point's name is
the kind it manages, as in `datastore.local`. It is made with a `ProviderContext` and must be safe
to call from several threads. Small abilities are protocols of their own; a provider that has one
simply implements it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import (
    TYPE_CHECKING,
    Any,
    Protocol,
    TypeGuard,
    TypeVar,
    cast,
    runtime_checkable,
)

from amlplan.errors import HistoryError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from amlplan.history import History
    from amlplan.values import SecretReference
    from amlplan_schemas.base import JsonValue, ResourceInputs, ResourceOutputs
    from amlplan_schemas.state import Record

Ability = TypeVar("Ability")
Outputs = Mapping[str, Any]
"""JSON values by field name, as the provider's outputs model declares them."""


def no_history(folder: Path) -> History:
    """Refuse: nothing here keeps a history."""
    raise HistoryError("There is no history here", f"Nothing keeps the history of {folder}.")


def no_provider(kind: str) -> Provider:
    """Refuse: nobody knows of other providers here."""
    raise ProviderError("No provider for this kind", f"Nothing here knows a provider of {kind}.")


def no_secret(_reference: SecretReference) -> str | None:
    """Find nothing: no secret is looked for here."""
    return None


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """Where a provider finds things on the control machine.

    `root` is the project's folder (relative paths of inputs start there), `data_folder` the
    user's data folder of amlplan, `cache_folder` may be deleted at any time. `open_history` gives
    the history of runs in a workspace's folder, or raises HistoryError. `provider_of` gives the
    provider of another kind, whose abilities may be used; it raises ProviderError, and nothing is
    asked of it while providers are made. `find_secret` gives the secret of a reference in a
    connection, or None where it cannot be had; what it found is masked wherever amlplan prints.
    """

    root: Path
    data_folder: Path
    cache_folder: Path
    open_history: Callable[[Path], History] = no_history
    provider_of: Callable[[str], Provider] = no_provider
    find_secret: Callable[[SecretReference], str | None] = no_secret


@dataclass(frozen=True, slots=True)
class Kind:
    """What a provider manages: the models of its inputs and outputs, and their version."""

    provider: str
    inputs: type[ResourceInputs]
    outputs: type[ResourceOutputs]
    schema_version: int = 1


Targets = Mapping[str, "Record"]
"""The records of the blocks that a resource refers to, by their way; absent where not in state.

A way is a field's name, as in `workspace`, or leads into it, as in `models.0`.
"""


@dataclass(frozen=True, slots=True)
class Referred:
    """A block that a resource refers to: its inputs and outputs that are known, side by side.

    What it says of how it is reached is among them, as `connection`. `lock` has the entries of
    `amlplan.lock` for what the block asked for, by key.
    """

    address: str
    kind: str
    values: Mapping[str, JsonValue]
    lock: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource as the configuration asks for it, before apply: some leaves may be unknown.

    `values` has the inputs that are known, as JSON; `unknown` names the top-level fields that are
    not. `lock` has the entries of `amlplan.lock` for what `lock_requests` asked for, by key.
    `referred` has the blocks that it refers to by their way, as in `workspace` or `models.0`,
    without what is sensitive.
    """

    address: str
    kind: str
    name: str
    values: Mapping[str, JsonValue]
    unknown: frozenset[str]
    lock: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    referred: Mapping[str, Referred] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desired:
    """A resource to create or to update: complete, with secrets resolved.

    `identity` is the idempotency key that the object must carry: a second create with the same
    identity adopts what the first one made. `referred` is as in `Draft`, with secrets in the
    clear; `sensitive` has the JSON Pointers of the inputs that are secrets, `references` where
    those are found that are no more than a reference.
    """

    address: str
    kind: str
    name: str
    identity: str
    inputs: Any
    derived: Mapping[str, JsonValue]
    targets: Targets
    lock: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    referred: Mapping[str, Referred] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    references: Mapping[str, SecretReference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Present:
    """The object is there.

    `inputs` and `outputs` hold the fields that were seen to be as they are now; a field left out
    could not be observed and counts as unchanged.
    """

    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    outputs: Outputs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missing:
    """The object is certainly not there."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing is known about the object; `reason` says why, for people.

    `is_another` tells that something did answer, which is not the target that was recorded, and
    `target` which one that is by its address, where it is not the object itself.
    """

    reason: str
    is_another: bool = False
    target: str = ""


Observed = Present | Missing | Unreachable


class OperationHandle(Protocol):
    """What a provider call gets to report and to be stopped by."""

    @property
    def steps(self) -> Mapping[str, JsonValue]:
        """The steps that an interrupted attempt finished, with what each recorded."""
        ...

    def step(self, name: str, data: JsonValue = None) -> None:
        """Record that a step is done; durable when it returns."""
        ...

    def progress(self, text: str) -> None:
        """Tell people what is going on; cheap, may be called often."""
        ...

    def check_cancelled(self) -> None:
        """Raise CanceledError where the user asked to stop."""
        ...


class Reads(Protocol):
    """The reading half of a provider; planning and drift get nothing else."""

    kind: Kind

    def read(self, record: Record, targets: Targets) -> Observed:
        """What is outside for a record. Never changes anything; may be repeated; may block."""
        ...


class Provider(Reads, Protocol):
    """Manages one kind. Every method blocks; failures raise ProviderError."""

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Make the object, or adopt what carries the same identity; gives all outputs."""
        ...

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Change the object in place, repairing what drifted; gives all outputs."""
        ...

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Remove the object; one that is gone already is no failure."""
        ...


@runtime_checkable
class Finds(Protocol):
    """An ability: tells what became of an operation that was interrupted."""

    def find(self, draft: Record, targets: Targets) -> Observed:
        """The object that carries `draft.identity`, after a create whose end nobody knows.

        Present, with all outputs, only where that create is complete; an object that was only
        begun is Missing where create will take it over, so that nothing is made twice.
        """
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """An object that is there: what it is called, and the identity that it carries.

    `identity` is None where it carries none, or none that can be read.
    """

    name: str
    identity: str | None


@runtime_checkable
class Lists(Protocol):
    """An ability: tells every object of its kind, whoever made it."""

    def list_objects(self, records: Sequence[Record]) -> Iterator[Listed]:
        """The objects that are there now; only reads, and may block.

        `records` are those of the whole state: where objects lie in or on another block, as in a
        workspace, they say where to look. Raises ProviderError where nothing can be listed.
        """
        ...


@runtime_checkable
class Derives(Protocol):
    """An ability: facts of content that are exact at plan, compared like inputs."""

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """The facts, as JSON; raises ProviderError naming a file that cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Refinement:
    """What a provider knows about a change before it happens.

    `replace` names input fields (top level) that force a replacement after all; `same` names
    fields that differ in writing only; `expected` foresees outputs, for people; `stable` names
    outputs that this change keeps.
    """

    replace: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()
    expected: Mapping[str, JsonValue] = field(default_factory=dict)
    stable: frozenset[str] = frozenset()
    note: str | None = None


@runtime_checkable
class Refines(Protocol):
    """An ability: looks at a proposed create or update before it is planned."""

    def refine(
        self, draft: Draft, derived: Mapping[str, JsonValue], prior: Record | None, targets: Targets
    ) -> Refinement:
        """What it knows; never changes anything. `prior` is None for a create."""
        ...


@dataclass(frozen=True, slots=True)
class LockRequest:
    """Something outside that a resource needs resolved into `amlplan.lock`.

    `key` is a digest of the request, so equal requests share an entry whatever their address.
    `required` tells whether a plan is an error without it, or leaves the resource deferred;
    `absent` then says why there may be none. With `follows` it is resolved at every plan instead
    of being kept, by a provider that `Offers`.
    """

    key: str
    type: str
    request: Mapping[str, JsonValue]
    required: bool = True
    absent: str = ""
    follows: bool = False


@runtime_checkable
class Requests(Protocol):
    """An ability: needs answers of `amlplan.lock`."""

    def lock_requests(self, draft: Draft) -> tuple[LockRequest, ...]:
        """What the resource needs resolved; pure.

        It is asked again with the answers so far in `draft.lock`, until it asks for nothing new:
        what it asked for before, it must ask for again.
        """
        ...


@runtime_checkable
class Locks(Requests, Protocol):
    """An ability: what the outside resolves to is recorded in `amlplan.lock`."""

    def resolve(
        self, request: LockRequest, draft: Draft, operation: OperationHandle
    ) -> Mapping[str, JsonValue] | None:
        """Ask the outside; gives the entry, as JSON that is equal on every machine.

        None where there is nothing yet that answers a request which is not required. `draft` is
        for whom is asked, with secrets in the clear: for nothing that is written. Blocks, may use
        the network.
        """
        ...


@runtime_checkable
class Offers(Protocol):
    """An ability of a provider that locks: tells at plan what is there now.

    Its methods only read, and are quick.
    """

    def current(self, request: LockRequest, draft: Draft) -> Mapping[str, JsonValue] | None:
        """What the request resolves to now; None where nothing does."""
        ...

    def lacks(self, locked: Mapping[str, JsonValue], draft: Draft) -> str | None:
        """Why a locked answer cannot be used here, as a clause for people, or None."""
        ...

    def offer(
        self, locked: Mapping[str, JsonValue] | None, current: Mapping[str, JsonValue]
    ) -> str | None:
        """A clause for people that says what is there beside the locked answer, or None."""
        ...


@runtime_checkable
class Attaches(Protocol):
    """An ability: reads what somebody else manages, for blocks with `attach = true`."""

    def attach(self, draft: Draft) -> Observed:
        """The object with all of its outputs; its identity is the output `id`."""
        ...


@runtime_checkable
class Imports(Protocol):
    """An ability: takes over an object that is there already, made by somebody else."""

    def look_up(self, draft: Draft, targets: Targets, object_id: str) -> Imported | Missing:
        """The object that people call by `object_id`, for the block that is to manage it.

        Only reads. Raises UnreachableError where nothing can be told, and ProviderError where the
        id cannot be one of this kind.
        """
        ...


@dataclass(frozen=True, slots=True)
class Imported:
    """An object that is to be taken over: all that can be told of it.

    `inputs` has the fields that can be seen; the others count as their defaults. `identity` is
    what the object carries as its own, None where it carries nothing. `derived` are the facts of
    its content; where they are None, those of the outputs that have their names.
    """

    inputs: Mapping[str, JsonValue]
    outputs: Outputs
    identity: str | None = None
    derived: Mapping[str, JsonValue] | None = None


@runtime_checkable
class Identifies(Protocol):
    """An ability: can take what is reached now for the object, whatever was recorded."""

    def with_identity_of_now(self, record: Record, targets: Targets) -> Record:
        """The record as it is where its target is the one that is reached from here.

        Changes nothing. Raises ProviderError where that one cannot be the object.
        """
        ...


_class_has = cast("Callable[[object, object], bool]", cache(issubclass))


class Kinds(Protocol):
    """The installed kinds as planning and drift get them: of providers, the reading half."""

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind that an installed package brings."""
        ...

    def is_configuration_only(self, kind: str) -> bool:
        """Whether blocks of a kind are read by commands and never planned."""
        ...

    def inputs_of(self, kind: str) -> type[ResourceInputs]:
        """The model of what users write in a kind's blocks; raises as `provider`."""
        ...

    def provider(self, kind: str) -> Reads:
        """What reads a kind; raises ProviderError where none is installed."""
        ...

    def version(self, kind: str) -> str:
        """The version of the distribution that brings a kind."""
        ...


def has(provider: object, ability: type[Ability]) -> TypeGuard[Ability]:
    """Whether a provider has an ability; looked up once per class, as plans ask very often."""
    return _class_has(type(provider), ability)
