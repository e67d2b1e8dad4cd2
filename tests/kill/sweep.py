"""Kills amlplan again and again, at moments drawn by phase, and counts what that broke.

    python tests/kill/sweep.py --kills 1000 [--seed 7] [--again 2]

prints a histogram by phase; exit code 1 where one plain apply did not recover everything.
`--again` kills up to so many of the applies that recover, too, before the plain one.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "provider")]

from kill.checks import Violation, after_recovery, durable_steps
from kill.forks import Forks
from kill.scenario import SCENARIOS, Site, make_baseline
from kill.worker import PHASES, VICTIMS, Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kill.forks import Fork

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
    """What a kill broke; nothing, if all is well."""

    kill: Kill
    violations: tuple[Violation, ...]

    def __str__(self) -> str:
        return "\n".join([str(self.kill), *(f"    {item}" for item in self.violations)])


class Range:
    """Where kills are tried: baselines to start from, and how often each phase is come by."""

    def __init__(self, folder: Path, forks: Forks) -> None:
        self._folder = folder
        self.forks = forks
        self._baselines = folder / "baselines"
        self.counts: dict[str, dict[str, int]] = {}
        for scenario in SCENARIOS.values():
            with forks.one() as fork:
                make_baseline(scenario, self._baselines, fork)
                self.counts[scenario.name] = self._count(scenario.name, fork)

    def _count(self, name: str, fork: Fork) -> dict[str, int]:
        """How often a scenario comes by each phase when nobody kills it."""
        with self.site(fork) as site:
            site.prepare(SCENARIOS[name], self._baselines)
            told = site.base / "counts"
            ended = site.run_until(Order(), SCENARIOS[name].command, told)
            assert ended.code == 0, ended.text
            counts: dict[str, int] = json.loads(told.read_text())
            return counts

    @contextmanager
    def site(self, fork: Fork, fault: str = "") -> Iterator[Site]:
        """A place for one kill, removed afterwards."""
        base = Path(tempfile.mkdtemp(prefix="site-", dir=self._folder))
        yield Site(base, fork, fault)
        shutil.rmtree(base)

    def prepare(self, site: Site, name: str) -> None:
        site.prepare(SCENARIOS[name], self._baselines)

    def moments(self, phase: str) -> list[tuple[str, int]]:
        """Every scenario that comes by a phase, with how often."""
        return [(name, found[phase]) for name, found in self.counts.items() if phase in found]

    def kills(self, phase: str, victim: str, count: int, chance: random.Random) -> list[Kill]:
        """So many kills in a phase, over all scenarios that come by it, each at another time."""
        chosen: dict[Kill, None] = {}
        moments = self.moments(phase)
        chance.shuffle(moments)
        for number in range(count * 10):
            name, times = moments[number % len(moments)]
            chosen[Kill(name, Order(phase, chance.randint(1, times), victim))] = None
            if len(chosen) == count:
                break
        return list(chosen)

    def verdict(self, kill: Kill) -> Verdict:
        """Kill, recover, and look."""
        scenario = SCENARIOS[kill.scenario]
        with self.forks.one() as fork, self.site(fork, kill.fault) as site:
            self.prepare(site, kill.scenario)
            before = site.state()
            ended = site.run_until(kill.order, scenario.command)
            if ended.code != KILLED:
                wrong = Violation("not killed", f"exit {ended.code}: {ended.text}")
                return Verdict(kill, (wrong,))
            steps = durable_steps(site)
            if kill.silent:
                site.world.silence()
                site.run(*scenario.command)
                site.world.answer()
            for order in (*kill.again, Order()):  # the last one is plain
                ended = site.run_until(order, scenario.command)
                if ended.code != KILLED:
                    break
                steps = durable_steps(site) | steps
            return Verdict(kill, tuple(after_recovery(ended, site, scenario, before, steps)))

    def verdicts(self, kills: Iterable[Kill]) -> list[Verdict]:
        """Try many kills, as many at a time as there are servers."""
        with ThreadPoolExecutor(self.forks.count) as pool:
            return list(pool.map(self.verdict, kills))


def histogram(kills: Iterable[Kill]) -> str:
    """How many kills fell where, by phase and victim, with the scenarios."""
    return histogram_of([told(kill) for kill in kills])


def told(kill: Kill) -> tuple[str, str, str]:
    """What the histogram counts of a kill."""
    return kill.order.phase, kill.order.victim, kill.scenario


def histogram_of(kills: Sequence[tuple[str, ...]]) -> str:
    """The same from what was told of each kill."""
    lines = [f"{'kills':<32}{'process':>9}{'group':>9}   scenarios"]
    for phase in PHASES:
        here = [item for item in kills if item[0] == phase]
        by_victim = [sum(item[1] == victim for item in here) for victim in VICTIMS]
        names = Counter(item[2] for item in here)
        spread = ", ".join(f"{name} {names[name]}" for name in SCENARIOS if names[name])
        lines.append(f"{phase:<32}{by_victim[0]:>9}{by_victim[1]:>9}   {spread}")
    return "\n".join([*lines, f"{'together':<32}{len(kills):>18}"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    started = time.monotonic()
    forks = Forks()
    with tempfile.TemporaryDirectory() as folder:
        place = Range(Path(folder), forks)
        kills = [
            kill
            for number in range(options.kills)
            for kill in place.kills(
                PHASES[number % len(PHASES)], VICTIMS[number // len(PHASES) % 2], 1, chance
            )
        ]
        if options.again:
            kills = [followed(kill, place, options.again, chance) for kill in kills]
        verdicts = place.verdicts(kills)
    forks.close()
    broken = [verdict for verdict in verdicts if verdict.violations]
    for verdict in broken:
        print(verdict)
    print(histogram(kills))
    print(f"{len(broken)} not recovered; {time.monotonic() - started:.1f} s, seed {options.seed}")
    return 1 if broken else 0


def followed(kill: Kill, place: Range, most: int, chance: random.Random) -> Kill:
    """The same kill, with some of the applies that recover killed as well."""
    again = []
    for _ in range(chance.randint(1, most)):
        phase = chance.choice([item for item in PHASES if item in place.counts[kill.scenario]])
        times = place.counts[kill.scenario][phase]
        again.append(Order(phase, chance.randint(1, max(1, times // 2)), chance.choice(VICTIMS)))
    return Kill(kill.scenario, kill.order, tuple(again))


if __name__ == "__main__":
    sys.exit(main())
