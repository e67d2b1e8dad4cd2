"""What is printed of many kills: where they fell, and what they broke."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench.kill.checks import KINDS
from bench.kill.phases import PHASES, VICTIMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.kill.ranges import Kill, Verdict


def told(kill: Kill) -> tuple[str, str, str]:
    """What the histogram counts of a kill."""
    return kill.order.phase, kill.order.victim, kill.scenario


def histogram(kills: Iterable[Kill]) -> str:
    """How many kills fell where, by phase and victim, with the scenarios."""
    return histogram_of([told(kill) for kill in kills])


def histogram_of(kills: Sequence[tuple[str, ...]]) -> str:
    """The same from what was told of each kill."""
    lines = [f"{'kills':<32}{'process':>9}{'group':>9}   scenarios"]
    for phase in PHASES:
        here = [item for item in kills if item[0] == phase]
        by_victim = [sum(item[1] == victim for item in here) for victim in VICTIMS]
        names = Counter(item[2] for item in here)
        spread = ", ".join(f"{name} {names[name]}" for name in sorted(names))
        lines.append(f"{phase:<32}{by_victim[0]:>9}{by_victim[1]:>9}   {spread}")
    return "\n".join([*lines, f"{'together':<32}{len(kills):>18}"])


def table(verdicts: Sequence[Verdict]) -> str:
    """What was broken, by kind, and how the recoveries ended."""
    found = Counter(item.kind for verdict in verdicts for item in verdict.violations)
    lines = [f"{'kills':<36}{len(verdicts):>6}"]
    lines += [f"{title:<36}{found[kind]:>6}" for kind, title in KINDS.items()]
    codes = Counter(verdict.code for verdict in verdicts if verdict.code is not None)
    ended = ", ".join(f"{code} ({codes[code]} times)" for code in sorted(codes))
    return "\n".join([*lines, f"recoveries ended with exit code   {ended}"])
