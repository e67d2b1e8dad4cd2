"""Kills amlplan again and again, at moments drawn by phase, and counts what that broke.

    python tests/bench/kill/run.py --subject local --kills 1000 --seed 7

prints where the kills fell and what they broke; exit code 1 where one plain apply did not recover
everything. A subject is bench, local, or a class of yours (package.module:Class, see subject.py);
a backend is one that is installed. `--again` kills up to so many of the applies that recover,
before the plain one.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[:1] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "provider")]

from amlplan.errors import AmlplanError
from bench.kill.phases import PHASES
from bench.kill.ranges import Range
from bench.kill.report import histogram, table
from bench.kill.sites import Keeping
from bench.kill.subjects import subject_of


def options_of(arguments: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subject", default="bench", help="whose objects are made: bench, local")
    parser.add_argument("--backend", default="local", help="where the state is kept")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the backend; {site} in it becomes a name of its own for each kill",
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", type=int, default=0, help="kill so many recoveries as well")
    parser.add_argument(
        "--phase",
        action="append",
        choices=PHASES,
        metavar="PHASE",
        help=f"only kills in this one; may be repeated. Phases: {'; '.join(PHASES)}",
    )
    parser.add_argument("--processes", type=int, help="how many kills are tried at a time")
    return parser.parse_args(arguments)


def settings_of(given: list[str]) -> dict[str, str]:
    """The settings of a backend; raises LookupError for one without a value."""
    settings = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign:
            raise LookupError(f"--set {item}: a setting is given as NAME=VALUE.")
        settings[name] = value
    return settings


def main(arguments: list[str]) -> int:
    options = options_of(arguments)
    chance = random.Random(options.seed)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            subject = subject_of(options.subject)
            keeping = Keeping(options.backend, settings_of(options.set))
            keeping.of(Path(folder) / "project")
        except (LookupError, AmlplanError) as failure:
            print(failure, file=sys.stderr)
            return 2
        place = Range(Path(folder), subject, keeping, options.processes)
        kills = place.spread(options.phase or PHASES, options.kills, chance)
        if options.again:
            kills = [place.followed(kill, options.again, chance) for kill in kills]
        verdicts = place.verdicts(kills)
        place.close()
    broken = [verdict for verdict in verdicts if verdict.violations]
    for verdict in broken:
        print(verdict)
    print(histogram(kills))
    print()
    print(table(verdicts))
    seconds = time.monotonic() - started
    print(f"subject {options.subject}, backend {options.backend}, seed {options.seed}: ", end="")
    print(f"{len(broken)} kills not recovered from, {seconds:.1f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
