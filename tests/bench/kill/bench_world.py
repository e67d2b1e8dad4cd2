"""The subject `bench`: twelve things that lean on each other, in a world that dedupes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_bench.world import World

from bench.kill.subject import (
    DESTROY,
    PARALLELISM,
    Configuration,
    Object,
    Scenario,
    Violation,
    Wanted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from amlplan_schemas.state import State

PLAN = "it.plan"


@dataclass(frozen=True, slots=True)
class Thing:
    """A block of the configuration; `needs` are names of others, `lifecycle` is a line of HCL."""

    name: str
    value: str
    shape: str = "round"
    steps: int = 0
    needs: tuple[str, ...] = ()
    kind: str = "thing"
    lifecycle: str = ""

    @property
    def address(self) -> str:
        return f"bench.{self.name}"

    @property
    def wanted(self) -> Wanted:
        inputs = {"value": self.value, "shape": self.shape}
        return Wanted(inputs, {"echo": self.value}, says=self.value)

    def hcl(self) -> str:
        needs = ", ".join(f"bench.{name}.id" for name in self.needs)
        return (
            f'bench "{self.kind}" "{self.name}" {{\n  value = "{self.value}"\n'
            f'  shape = "{self.shape}"\n  steps = {self.steps}\n  needs = [{needs}]\n'
            f"  lifecycle {{\n    {self.lifecycle}\n  }}\n}}\n"
        )


def things(
    value: str, shape: str = "round", kind: str = "thing", lifecycle: str = ""
) -> tuple[Thing, ...]:
    """Three layers of four; the first two of the lowest have shape, kind and lifecycle."""
    return tuple(
        Thing(
            name=f"t{number:02}",
            value=f"{value} {number}",
            shape=shape if number in (0, 1) else "round",
            kind=kind if number in (0, 1) else "thing",
            lifecycle=lifecycle if number in (0, 1) else "",
            steps=(0, 2, 1, 3)[number % 4],
            needs=(f"t{number - 4:02}", f"t{(number + 1) % 4 + number // 4 * 4 - 4:02}")
            if number >= 4
            else (),
        )
        for number in range(12)
    )


def configuration(chosen: Sequence[Thing]) -> Configuration:
    """A configuration of just these things."""
    files = {"main.hcl": "".join(thing.hcl() for thing in chosen)}
    return Configuration(files, {thing.address: thing.wanted for thing in chosen})


def addresses(chosen: Sequence[Thing]) -> frozenset[str]:
    """The addresses of some things."""
    return frozenset(thing.address for thing in chosen)


_THINGS = things("old")
_OLD, _NEW = configuration(_THINGS), configuration(things("new"))
_SQUARE, _FEWER = configuration(things("old", "square")), configuration(_THINGS[:6])
_FIRST = configuration(things("old", "square", lifecycle="create_before_destroy = true"))
_KIND = configuration(things("old", kind="gadget"))
_KEPT = addresses(_THINGS[2:])
_NOTHING = Configuration(_OLD.files)
_SAVED = (("plan", f"-out={PLAN}"),)


class BenchSubject:
    """The provider of `bench.thing` on a naive world, whose every create appends to a ledger."""

    name = "bench"
    scenarios: Mapping[str, Scenario] = {
        scenario.name: scenario
        for scenario in (
            Scenario("create", Configuration(), _OLD),
            Scenario("update", _OLD, _NEW, addresses(_THINGS)),
            Scenario("replace", _OLD, _SQUARE, _KEPT),
            Scenario("create first", _OLD, _FIRST, _KEPT),
            Scenario("another kind", _OLD, _KIND, _KEPT),
            Scenario("delete", _OLD, _FEWER, addresses(_THINGS[:6])),
            Scenario("destroy", _OLD, _NOTHING, command=DESTROY),
            Scenario("saved plan", _OLD, _SQUARE, _KEPT, ("apply", PARALLELISM, PLAN), _SAVED),
        )
    }
    moments: Sequence[str] = ("amlplan_bench.world.World.land",)
    movable = True

    def environment(self, base: Path) -> Mapping[str, str]:
        return {"AMLPLAN_BENCH_WORLD": str(base / "world"), "AMLPLAN_BENCH_NAIVE": "1"}

    def objects(self, base: Path, state: State) -> Sequence[Object]:
        return [
            Object(item["identity"], {"id": item["name"]}, item["value"], item["complete"])
            for item in self._world(base).alive()
        ]

    def ledger(self, base: Path) -> Counter[str]:
        world = self._world(base)
        steps = (line for line in world.notes() if not line.startswith("create "))
        # A line of a create is there before its object is: a kill between them made nothing.
        return Counter(steps) + Counter(f"create {item['identity']}" for item in world.ever())

    def faults(self, base: Path) -> Iterator[Violation]:
        """Nothing: the objects and the ledger tell it all."""
        yield from ()

    def silence(self, base: Path) -> None:
        self._world(base).silence()

    def answer(self, base: Path) -> None:
        self._world(base).answer()

    def _world(self, base: Path) -> World:
        return World(base / "world", naive=True)
