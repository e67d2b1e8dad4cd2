"""What happens while amlplan works, as plain data for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.errors import AmlplanError
    from amlplan_schemas.plan import Note, Plan
    from amlplan_schemas.state import StateOutput


@dataclass(frozen=True, slots=True)
class Reading:
    """Objects are being looked at; `total` of them."""

    total: int


@dataclass(frozen=True, slots=True)
class Looking:
    """One object is being looked at; `id` is what it is known by."""

    address: str
    kind: str
    id: Any


@dataclass(frozen=True, slots=True)
class Looked:
    """One object was looked at, and answered or not."""

    address: str
    kind: str
    id: Any


@dataclass(frozen=True, slots=True)
class Recovered:
    """An operation that an earlier apply left unanswered is settled."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class TakenOver:
    """An object that was there already is managed from now on, by the id it was found by."""

    address: str
    id: str


@dataclass(frozen=True, slots=True)
class Started:
    """A step of an operation begins: action is that of the step, as create or delete."""

    address: str
    action: str
    name: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """A provider says what it is doing."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A step of an operation succeeded after `seconds`; `id` is what the object is known by."""

    address: str
    action: str
    seconds: float
    id: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A step of an operation failed."""

    address: str
    action: str
    seconds: float
    error: AmlplanError


@dataclass(frozen=True, slots=True)
class Skipped:
    """An operation was not begun, because `because` failed or the user asked to stop."""

    address: str
    because: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something about the command as a whole; what is `urgent` is no result of it."""

    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan is ready; one that was saved was shown and approved when it was made."""

    plan: Plan
    was_saved: bool = False


@dataclass(frozen=True, slots=True)
class Concluded:
    """An apply is over: what it did, what failed, and the outputs as they are now.

    `notes` say what does not hold as things are now. The plan names what was blocked.
    """

    plan: Plan
    imported: int = 0
    added: int = 0
    changed: int = 0
    destroyed: int = 0
    failures: tuple[AmlplanError, ...] = ()
    interrupted: bool = False
    notes: tuple[Note, ...] = ()
    outputs: Mapping[str, StateOutput] = field(default_factory=dict)


Event = (
    Reading
    | Looking
    | Looked
    | Recovered
    | TakenOver
    | Started
    | Progressed
    | Finished
    | Failed
    | Skipped
    | Said
    | Planned
    | Concluded
)
EventSink = Callable[[Event], None]
