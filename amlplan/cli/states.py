"""The state as its commands get at it: by the abilities of its backend, read or under its lock."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from amlplan.backend import Versions
from amlplan.cli.console import Console
from amlplan.cli.text.state_lock import waiting_text
from amlplan.errors import PlanError, StateError
from amlplan.project.opening import holder, state_backend
from amlplan.provider import has
from amlplan_schemas.base import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amlplan.backend import Backend, Holder, StateWriter
    from amlplan_schemas.state import State

Ability = TypeVar("Ability")


def able_backend(ability: type[Ability], *, check_state_location: bool = True) -> Ability:
    """The backend of the state, which has an ability; raises StateError where it has not."""
    backend = state_backend(check_state_location=check_state_location)
    if not has(backend, ability):
        raise StateError(
            "Not possible for this state",
            f"The backend that keeps {backend.reader().location()} cannot do this. Use its own "
            "tools, or a newer version of the package that brings it.",
        )
    return backend


def present_state() -> State:
    """The state, without its lock; raises PlanError where nothing was applied yet."""
    return _present(state_backend())


@contextmanager
def opened_state(command: str, lock_timeout: str) -> Iterator[StateWriter]:
    """The locked state, which is there already; raises PlanError, LockedError, StateError."""
    backend = state_backend()
    _present(backend)  # opening it would make one
    opened = backend.open(holder(command), timeout=seconds_of(lock_timeout), waiting=tell_waiting)
    with opened as writer:
        yield writer


def tell_waiting(other: Holder | None) -> None:
    """Print who holds the lock that is waited for; what machines read stays as it is."""
    Console(sys.stdout, sys.stderr).error(waiting_text(other))


def snapshot_with(serial: int) -> State:
    """A kept snapshot by its serial; raises PlanError where there is none, StateError."""
    serials = []
    for item in able_backend(Versions).snapshots():
        serials.append(item.serial)
        if item.serial == serial:
            if item.state is None:
                raise StateError("The snapshot cannot be read", item.problem)
            return item.state
    raise no_such_snapshot(serial, serials)


def no_such_snapshot(serial: int, serials: Sequence[int]) -> PlanError:
    """What to tell somebody who asks for a snapshot that is not kept."""
    kept = ", ".join(str(item) for item in serials) or "none"
    return PlanError("No such snapshot", f"Serial {serial} is not kept. Kept are: {kept}.")


def _present(backend: Backend) -> State:
    state = backend.reader().read()
    if state is None:
        raise PlanError(
            "There is no state",
            f"Nothing was applied yet, so {backend.reader().location()} does not exist.",
        )
    return state
