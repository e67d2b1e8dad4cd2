"""What is killed: the protocol of a subject, and the scenarios that it goes through, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import State

PARALLELISM = "-parallelism=4"
APPLY = ("apply", "-auto-approve", PARALLELISM)
DESTROY = ("destroy", "-auto-approve", PARALLELISM)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be recorded of an address in the end, field by field, and what its object says."""

    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    says: JsonValue = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """The files of a project by their path in it, and what an apply of them must lead to."""

    files: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, Wanted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What was applied before, what is applied when the kill comes, and by which command.

    `keeps` are the addresses whose objects stay the same ones. `first` are commands that are run
    with the files of `after` and are not killed, such as the one that saves a plan.
    """

    name: str
    before: Configuration
    after: Configuration
    keeps: frozenset[str] = frozenset()
    command: tuple[str, ...] = APPLY
    first: tuple[tuple[str, ...], ...] = ()

    @property
    def check(self) -> tuple[str, ...]:
        """The command that shows that nothing is left to do."""
        mode = ("-destroy",) if self.command[0] == "destroy" else ()
        return ("plan", "-detailed-exitcode", *mode)


@dataclass(frozen=True, slots=True)
class Object:
    """Something that is there, with the identity it carries.

    `outputs` are what its record has to have for it to be known; an object that is not `complete`
    may stand only while an operation is under way.
    """

    identity: str
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    says: JsonValue = None
    complete: bool = True

    @property
    def address(self) -> str:
        return self.identity.split("/")[1]


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: `kind` is one of the words of the table."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class Subject(Protocol):
    """Providers and a world for them, in a folder of its own for each kill.

    `moments` are functions, by their full names, at which the world changes: a kill within a
    provider's call falls before or after one of them. `movable` tells that a project with its
    world can be copied to another folder and goes on there.
    """

    name: str
    scenarios: Mapping[str, Scenario]
    moments: Sequence[str]
    movable: bool

    def environment(self, base: Path) -> Mapping[str, str]:
        """The variables that lead providers to the world in this folder."""
        ...

    def objects(self, base: Path, state: State) -> Sequence[Object]:
        """Every object of the world that is alive, and what records say that holds no identity."""
        ...

    def ledger(self, base: Path) -> Counter[str]:
        """How often `create IDENTITY` was done, and `STEP IDENTITY` for each step."""
        ...

    def faults(self, base: Path) -> Iterator[Violation]:
        """What else is wrong with the world once all is recovered."""
        ...


@runtime_checkable
class FallsSilent(Protocol):
    """An ability of a subject: its world can be made not to answer."""

    def silence(self, base: Path) -> None:
        """Let nothing answer any more."""
        ...

    def answer(self, base: Path) -> None:
        """Let everything answer again."""
        ...
