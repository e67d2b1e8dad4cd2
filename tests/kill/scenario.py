"""What is being applied when the kill comes: twelve things that lean on each other."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from amlplan_bench.world import World

from amlplan_state.local import LocalBackend
from kill.forks import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from amlplan_schemas.state import State
    from kill.forks import Ended, Fork
    from kill.worker import Order

PARALLELISM = "-parallelism=4"
PLAN = "it.plan"


@dataclass(frozen=True, slots=True)
class Thing:
    """A block of the configuration; `needs` are names of others."""

    name: str
    value: str
    shape: str = "round"
    steps: int = 0
    needs: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"bench.{self.name}"

    def hcl(self) -> str:
        needs = ", ".join(f"bench.{name}.id" for name in self.needs)
        return (
            f'bench "thing" "{self.name}" {{\n  value = "{self.value}"\n'
            f'  shape = "{self.shape}"\n  steps = {self.steps}\n  needs = [{needs}]\n}}\n'
        )


def things(value: str, shape: str = "round") -> tuple[Thing, ...]:
    """Three layers of four; the first two of the lowest have the shape."""
    return tuple(
        Thing(
            name=f"t{number:02}",
            value=f"{value} {number}",
            shape=shape if number in (0, 1) else "round",
            steps=(0, 2, 1, 3)[number % 4],
            needs=(f"t{number - 4:02}", f"t{(number + 1) % 4 + number // 4 * 4 - 4:02}")
            if number >= 4
            else (),
        )
        for number in range(12)
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """What was applied before, what is applied when the kill comes, and by which command.

    `keeps` are the addresses whose objects stay the same ones; `saved` applies a plan file.
    """

    name: str
    before: tuple[Thing, ...]
    after: tuple[Thing, ...]
    keeps: frozenset[str] = frozenset()
    command: tuple[str, ...] = ("apply", "-auto-approve", PARALLELISM)
    saved: bool = False

    @property
    def check(self) -> tuple[str, ...]:
        """The command that shows that nothing is left to do."""
        mode = ("-destroy",) if self.command[0] == "destroy" else ()
        return ("plan", "-detailed-exitcode", *mode)


def addresses(chosen: Sequence[Thing]) -> frozenset[str]:
    """The addresses of some things."""
    return frozenset(thing.address for thing in chosen)


_OLD, _NEW, _SQUARE = things("old"), things("new"), things("old", "square")
_KEPT = addresses(_OLD[2:])

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("create", (), _OLD),
        Scenario("update", _OLD, _NEW, addresses(_OLD)),
        Scenario("replace", _OLD, _SQUARE, _KEPT),
        Scenario("delete", _OLD, _OLD[:6], addresses(_OLD[:6])),
        Scenario("destroy", _OLD, (), command=("destroy", "-auto-approve", PARALLELISM)),
        Scenario("saved plan", _OLD, _SQUARE, _KEPT, ("apply", PARALLELISM, PLAN), saved=True),
    )
}


@dataclass(frozen=True)
class Site:
    """A folder with a project and a naive world of its own, and a server to run commands there."""

    base: Path
    fork: Fork
    fault: str = ""

    @property
    def root(self) -> Path:
        return self.base / "project"

    @property
    def world(self) -> World:
        return World(self.base / "world", naive=True)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.base / "home"),
            "XDG_DATA_HOME": str(self.base / "data"),
            "XDG_CACHE_HOME": str(self.base / "cache"),
            "AMLPLAN_BENCH_WORLD": str(self.world.folder),
            "AMLPLAN_BENCH_NAIVE": "1",
        }

    def write(self, chosen: Sequence[Thing]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "main.hcl").write_text("".join(thing.hcl() for thing in chosen))

    def run(self, *arguments: str) -> Ended:
        return self.run_until(NEVER, arguments)

    def run_until(
        self, order: Order, arguments: Sequence[str], counts: Path | None = None
    ) -> Ended:
        """Run a command line that may be killed, and that has the fault of this place."""
        faulty = replace(order, fault=self.fault)
        return self.fork.run(self.root, self.environment, arguments, faulty, counts)

    def state(self) -> State | None:
        return LocalBackend(self.root, {}, "0").reader().read()

    def prepare(self, scenario: Scenario, baselines: Path) -> None:
        """Bring the project to where the scenario begins; what was applied before is copied."""
        if scenario.before:
            baseline = baselines / scenario.name
            shutil.copytree(baseline, self.base, dirs_exist_ok=True)
            self.world.ledger.unlink()
        self.write(scenario.after or scenario.before)
        if scenario.saved:
            planned = self.fork.run(self.root, self.environment, ("plan", f"-out={PLAN}"))
            assert planned.code == 0, planned.text


def make_baseline(scenario: Scenario, folder: Path, fork: Fork) -> None:
    """Apply what a scenario begins with, once, to be copied."""
    if not scenario.before:
        return
    site = Site(folder / scenario.name, fork)
    site.write(scenario.before)
    ended = site.run("apply", "-auto-approve")
    assert ended.code == 0, ended.text
    shutil.rmtree(site.root / ".amlplan")  # it remembers the folder that is copied from
