"""Where kills are tried: chooses them by phase, kills, recovers, and looks."""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.kill.checks import NOT_KILLED, after_recovery, durable_steps
from bench.kill.forks import Forks
from bench.kill.phases import PHASES, VICTIMS, Order
from bench.kill.sites import Keeping, Site, make_baseline
from bench.kill.subject import FallsSilent, Violation

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator, Sequence

    from bench.kill.forks import Fork
    from bench.kill.subject import Subject

KILLED = -9


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: in which scenario, and when.

    `again` are kills of the applies that recover, before the plain one. `fault` is what all of
    them lack; with `silent` a first recovery finds a world that does not answer.
    """

    scenario: str
    order: Order
    again: tuple[Order, ...] = ()
    fault: str = ""
    silent: bool = False

    def __str__(self) -> str:
        later = "".join(f", then {item.phase} #{item.nth}" for item in self.again)
        return f"{self.scenario}: {self.order.victim} {self.order.phase} #{self.order.nth}{later}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a kill broke, which is nothing if all is well, and how the recovery ended."""

    kill: Kill
    violations: tuple[Violation, ...]
    code: int | None = None

    def __str__(self) -> str:
        return "\n".join([str(self.kill), *(f"    {item}" for item in self.violations)])


@dataclass
class Range:
    """Where kills of a subject are tried, and how often each scenario comes by each phase."""

    folder: Path
    subject: Subject
    keeping: Keeping = field(default_factory=Keeping)
    processes: int | None = None
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forks = Forks(self.subject.moments, self.processes)
        self._baselines = self.folder / "baselines"
        with ThreadPoolExecutor(self.forks.count) as pool:
            found = pool.map(self._counted, self.subject.scenarios)
            self.counts = dict(zip(self.subject.scenarios, found, strict=True))

    def close(self) -> None:
        """End the servers."""
        self.forks.close()

    def _counted(self, name: str) -> dict[str, int]:
        """How often a scenario comes by each phase when nobody kills it."""
        scenario = self.subject.scenarios[name]
        with self.forks.one() as fork:
            if scenario.before.files and self.subject.movable and self.keeping.copies:
                baseline = Site(self._baselines / name, fork, self.subject)
                make_baseline(scenario, baseline)
            with self.site(fork) as site:
                site.prepare(scenario, self._baselines)
                told = site.base / "counts"
                ended = site.run_until(Order(), scenario.command, told)
                assert ended.code == 0, ended.text
                counts: dict[str, int] = json.loads(told.read_text())
                return counts

    @contextmanager
    def site(self, fork: Fork, fault: str = "") -> Iterator[Site]:
        """A place for one kill, removed afterwards."""
        base = Path(tempfile.mkdtemp(prefix="site-", dir=self.folder))
        yield Site(base, fork, self.subject, self.keeping, fault)
        shutil.rmtree(base)

    def moments(self, phase: str) -> list[tuple[str, int]]:
        """Every scenario that comes by a phase, with how often."""
        return [(name, found[phase]) for name, found in self.counts.items() if phase in found]

    def kills(self, phase: str, victim: str, count: int, chance: random.Random) -> list[Kill]:
        """So many kills in a phase, over all scenarios that come by it, each at another time.

        Fewer where there are not so many moments.
        """
        chosen: dict[Kill, None] = {}
        moments = self.moments(phase)
        chance.shuffle(moments)
        for number in range(count * 10 if moments else 0):
            name, times = moments[number % len(moments)]
            # How often an apply comes by differs a little each time, so the last tenth is left.
            nth = chance.randint(1, times - times // 10)
            chosen[Kill(name, Order(phase, nth, victim))] = None
            if len(chosen) == count:
                break
        return list(chosen)

    def spread(self, phases: Sequence[str], count: int, chance: random.Random) -> list[Kill]:
        """So many kills, over phases and victims in turn; a moment may be drawn twice."""
        reached = [phase for phase in phases if self.moments(phase)]
        return [
            kill
            for number in range(count)
            for kill in self.kills(
                reached[number % len(reached)],
                VICTIMS[number // len(reached) % len(VICTIMS)],
                1,
                chance,
            )
        ]

    def followed(self, kill: Kill, most: int, chance: random.Random) -> Kill:
        """The same kill, with some of the applies that recover killed as well."""
        counts = self.counts[kill.scenario]
        again = []
        for _ in range(chance.randint(1, most)):
            phase = chance.choice([item for item in PHASES if item in counts])
            nth = chance.randint(1, max(1, counts[phase] // 2))
            again.append(Order(phase, nth, chance.choice(VICTIMS)))
        return replace(kill, again=tuple(again))

    def verdict(self, kill: Kill) -> Verdict:
        """Kill, recover, and look."""
        scenario = self.subject.scenarios[kill.scenario]
        with self.forks.one() as fork, self.site(fork, kill.fault) as site:
            site.prepare(scenario, self._baselines)
            before = site.state()
            ended = site.run_until(kill.order, scenario.command)
            if ended.code != KILLED:
                wrong = Violation(NOT_KILLED, f"exit {ended.code}: {ended.text}")
                return Verdict(kill, (wrong,))
            steps = durable_steps(site)
            if kill.silent and isinstance(self.subject, FallsSilent):
                self.subject.silence(site.base)
                site.run(*scenario.command)
                self.subject.answer(site.base)
            for order in (*kill.again, Order()):  # the last one is plain
                ended = site.run_until(order, scenario.command)
                if ended.code != KILLED:
                    break
                steps = durable_steps(site) | steps
            wrongs = tuple(after_recovery(ended, site, scenario, before, steps))
            return Verdict(kill, wrongs, ended.code)

    def verdicts(self, kills: Iterable[Kill]) -> list[Verdict]:
        """Try many kills, as many at a time as there are servers."""
        with ThreadPoolExecutor(self.forks.count) as pool:
            return list(pool.map(self.verdict, kills))
