"""Kills `amlplan run` and the processes behind it at random moments, and counts what that broke.

    python tests/bench/run_kill/run.py --kills 100 [--phases command supervisor] [--seed 7]

A command is what `amlplan run` does behind its start-up: snapshot, history, submission, following.
A kill is SIGKILL at a moment drawn evenly from the time that a run takes. Then the next command
looks at the runs, which has to make everything good: no process of a run is left, no script was
started twice, every point that was recorded is in history once. Exits with 1 where anything is not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[:1] = [str(Path(__file__).parents[2])]

from bench.run_kill.victims import COMMANDS, PHASES, Victims, forked, reaped
from bench.run_kill.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

BARS = 10
"""Parts of the time that a run takes, in the histogram."""
SUPERVISED = 0.7
"""About the part of that time in which there is a supervisor."""
SHOWING = 60.0
"""Seconds in which a run has to be there."""


@dataclass
class Tally:
    """What became of the runs of one phase."""

    outcomes: Counter[str] = field(default_factory=Counter)
    moments: Counter[int] = field(default_factory=Counter)


@dataclass
class Harness:
    """Kills, phase after phase, in one workspace."""

    world: World
    chance: random.Random
    tallies: dict[str, Tally] = field(default_factory=dict)
    usual: float = 0.0

    def measure(self) -> None:
        """Find out how long a run takes that nobody kills; it has to be in order."""
        times = []
        for _ in range(3):
            started = time.monotonic()
            reaped(forked(self.world.run), wait=True)
            times.append(time.monotonic() - started)
        self.world.settle()
        for folder in self.world.folders():
            outcome = self.world.check(folder)
            if outcome != "Completed":
                self.world.faults.append(f"a run that nobody killed: {outcome}")
        self.usual = statistics.median(times)

    def kill(self, phase: str) -> None:
        """One kill, and a look at what it left."""
        tally = self.tallies.setdefault(phase, Tally())
        before = self.world.folders()
        moment = self.chance.random()
        if phase == "queued":
            folder: Path | None = self._kill_queued()
        else:
            folder = self._kill_running(phase, moment, before)
        self.world.settle()
        made = self.world.folders() - before
        if len(made) > 1 + (phase == "queued"):
            self.world.faults.append(f"{phase}: one command made {len(made)} runs")
        folder = folder or next(iter(made), None)
        tally.moments[int(moment * BARS)] += 1
        tally.outcomes[self.world.check(folder)] += 1

    def _kill_running(self, phase: str, moment: float, before: set[Path]) -> Path | None:
        command = forked(self.world.run)
        if phase in COMMANDS:
            time.sleep(moment * self.usual)
            with suppress(ProcessLookupError):
                (os.killpg if phase == "group" else os.kill)(command, signal.SIGKILL)
            reaped(command, wait=True)
            return None
        folder = self._await_supervisor(before)
        time.sleep(moment * self.usual * SUPERVISED)
        if not Victims(folder).kill(phase):
            self.tallies[phase].outcomes["(it had ended before)"] += 1
        reaped(command, wait=True)
        return folder

    def _kill_queued(self) -> Path:
        """Kill a run that waits for another one; that one ends as if nothing had been."""
        known = self.world.folders()
        self.world.run(follows=False, max_runs=1)
        (first,) = self.world.folders() - known
        self.world.run(follows=False, max_runs=1)
        (second,) = self.world.folders() - known - {first}
        time.sleep(self.chance.random() * self.usual / 2)
        Victims(second).kill("queued")
        self.world.settle()
        outcome = self.world.check(first)
        if outcome != "Completed":
            self.world.faults.append(f"who was before one that was killed: {outcome}")
        return second

    def _await_supervisor(self, before: set[Path]) -> Path:
        deadline = time.monotonic() + SHOWING
        while time.monotonic() < deadline:
            for folder in self.world.folders() - before:
                if Victims(folder).marks():
                    return folder
            time.sleep(0.001)
        raise TimeoutError("no run came to its supervisor")

    def report(self) -> str:
        """A table, with a histogram of when the kills came."""
        lines = [
            f"a run takes {self.usual:.2f} s",
            "",
            "| phase | when | outcomes |",
            "|---|---|---|",
        ]
        for phase, tally in self.tallies.items():
            most = max(tally.moments.values(), default=1)
            bars = "".join(" ▁▂▃▄▅▆▇█"[round(8 * tally.moments[n] / most)] for n in range(BARS))
            outcomes = "; ".join(f"{count} {text}" for text, count in tally.outcomes.most_common())
            lines.append(f"| {phase} | `{bars}` | {outcomes} |")
        return "\n".join([*lines, "", *(f"FAULT: {fault}" for fault in self.world.faults)])


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10, help="for each phase")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="no kill after that, but one a phase"
    )
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=PHASES)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        harness = Harness(World(Path(name)), random.Random(asked.seed))
        harness.measure()
        for _ in range(asked.kills):
            for phase in asked.phases:
                if time.monotonic() - started < asked.seconds or phase not in harness.tallies:
                    harness.kill(phase)
        harness.world.check_queue()
    faults = harness.world.faults
    if asked.json:
        counts = {phase: dict(tally.outcomes) for phase, tally in harness.tallies.items()}
        print(json.dumps({"seed": asked.seed, "outcomes": counts, "faults": faults}))
    else:
        print(f"seed {asked.seed}, {time.monotonic() - started:.0f} s in all; {harness.report()}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
