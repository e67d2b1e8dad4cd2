"""Protocols of state backends: who may read the state, and who may write it while locked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Applied, Intent, Record, State, StateOutput


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock."""

    user: str
    host: str
    pid: int
    since: str
    command: str
    url: str | None = None


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

    def conclude(self, outputs: dict[str, StateOutput] | None, applied: Applied | None) -> State:
        """Write the snapshot with the journal folded in, and give it; outputs None keeps them."""
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


class Versions(Protocol):
    """An ability of a backend: earlier snapshots."""

    def earlier(self) -> Sequence[str]:
        """Where earlier snapshots are, newest first."""
        ...
