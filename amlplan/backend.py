"""Protocols of state backends: who may read the state, and who may write it while locked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Applied, Edit, Intent, Record, State, StateOutput


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock."""

    user: str
    host: str
    pid: int
    since: str
    command: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class LockStatus:
    """Whether a lock is held now, and by whom where they say so."""

    is_held: bool
    holder: Holder | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot by itself, without what happened since.

    `state` is None where it cannot be read, which `problem` explains.
    """

    location: str
    serial: int
    state: State | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What putting another state in the place of the present one does.

    `before` is None where there is none, or none that can be read; `aside` says under which names
    the files of an unreadable one are kept.
    """

    before: State | None
    after: State
    aside: tuple[str, ...] = ()


class StateReader(Protocol):
    """Reads a state without locking or writing anything."""

    def read(self) -> State | None:
        """The state with its journal laid over it, or None where none was ever written.

        Operations that were begun and never answered are in `pending`. Blocks on the disk only.
        Raises StateFormatError for a file that is empty, broken, foreign or newer, naming the
        newest good copy; an empty or vanished file is never None.
        """
        ...

    def location(self) -> str:
        """Where the state is, for people."""
        ...


class StateWriter(Protocol):
    """Writes a state whose lock is held. Each method returns when its entry is durable.

    Every method may be called from several threads at once. OSError of the medium becomes
    StateError, after which every further call raises the same error.
    """

    @property
    def state(self) -> State:
        """The state as it is with everything that was written so far; may cost a copy."""
        ...

    @property
    def records(self) -> Mapping[str, Record]:
        """The records as they are now, by address: a live view that costs nothing."""
        ...

    def announce(self, plan: str) -> None:
        """Write that a plan is being carried out, so that its apply can be told to go on."""
        ...

    def begin(self, intent: Intent) -> None:
        """Write that an operation begins; the provider may be called afterwards."""
        ...

    def step(self, address: str, name: str, data: JsonValue) -> None:
        """Write that a step of the operation under way at an address is done."""
        ...

    def finish(self, address: str, record: Record | None) -> None:
        """Write an operation's outcome: the record it left, or None where no object is left."""
        ...

    def move(self, names: Mapping[str, str]) -> None:
        """Write that records are at other addresses from now on, all of them at once."""
        ...

    def conclude(
        self,
        outputs: dict[str, StateOutput] | None,
        applied: Applied | None,
        *,
        edit: Edit | None = None,
    ) -> State:
        """Write the snapshot with the journal folded in, and give it; outputs None keeps them.

        `edit` tells which command changed the state, where it was no apply.
        """
        ...


class Backend(Protocol):
    """A place where a state is kept: reads without a lock, writes under one."""

    def reader(self) -> StateReader:
        """A reader; takes no lock."""
        ...

    def open(
        self, holder: Holder, *, timeout: float, waiting: Callable[[Holder | None], None]
    ) -> OpenState:
        """Lock the state and give its writer, making an empty state where there is none.

        Blocks up to `timeout` seconds for a lock that somebody else holds, calling `waiting` once
        with who that is. Raises LockedError, or StateFormatError as `StateReader.read`.
        """
        ...


class OpenState(Protocol):
    """A locked state; leaving it releases the lock, also when the process ends in any way."""

    def __enter__(self) -> StateWriter: ...

    def __exit__(self, *exception: object) -> None: ...


@runtime_checkable
class Versions(Protocol):
    """An ability of a backend: earlier snapshots."""

    def earlier(self) -> Sequence[str]:
        """Where earlier snapshots are, newest first."""
        ...

    def snapshots(self) -> Iterator[Snapshot]:
        """The present snapshot and the earlier ones, newest first; each is read as it is given."""
        ...


@runtime_checkable
class Exchanges(Protocol):
    """An ability of a backend: the state as one document, to be kept elsewhere and put back."""

    def document(self, state: State) -> bytes:
        """A state as it is stored, with a checksum."""
        ...

    def parse(self, document: bytes, name: str) -> State:
        """The state in a document; raises StateFormatError, which calls it `name`."""
        ...

    def examine(self, state: State, *, force: bool) -> Replacement:
        """What `replace` would do as things are now; takes no lock and writes nothing.

        Raises StateError where the state there is of another lineage, not older, or has operations
        under way, unless forced. One that cannot be read may be replaced by its own lineage.
        """
        ...

    def replace(
        self,
        state: State,
        holder: Holder,
        *,
        edit: Edit,
        force: bool,
        timeout: float,
        waiting: Callable[[Holder | None], None],
    ) -> Replacement:
        """Put a state in the place of the present one, which stays among the earlier snapshots.

        Durable on return; whatever ends the process, the one or the other is there, whole. A serial
        that was given since becomes the next one; then `edit` tells who did it. Locks as
        `Backend.open` and raises as that and as `examine`.
        """
        ...


@runtime_checkable
class ShowsLock(Protocol):
    """An ability of a backend: tells who holds the lock, without taking or breaking it."""

    def lock_status(self) -> LockStatus:
        """Whether anybody holds the lock at this moment."""
        ...
