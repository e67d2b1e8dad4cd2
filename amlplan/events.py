"""What happens while amlplan works, as plain data for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amlplan.errors import AmlplanError


@dataclass(frozen=True, slots=True)
class Reading:
    """Objects are being looked at; `total` of them."""

    total: int


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


Event = Reading | Recovered | TakenOver | Started | Progressed | Finished | Failed | Skipped
EventSink = Callable[[Event], None]
