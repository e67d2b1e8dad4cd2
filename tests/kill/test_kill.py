"""Kills by phase: whatever is killed, one plain apply recovers all of it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from bench.kill.phases import PHASES, VICTIMS
from bench.kill.report import histogram, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.kill.ranges import Kill, Range


def expect_recovery(
    place: Range, kills: Sequence[Kill], record_property: Callable[[str, object], None]
) -> None:
    """Try the kills, tell the histogram, and show that nothing was broken by any."""
    verdicts = place.verdicts(kills)
    print(histogram(kills))
    record_property("kills", json.dumps([told(kill) for kill in kills]))
    broken = [str(verdict) for verdict in verdicts if verdict.violations]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("phase", PHASES)
def test_a_kill_in_each_phase_is_recovered_from(
    phase: str, place: Range, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(f"one {phase}")
    kills = [kill for victim in VICTIMS for kill in place.kills(phase, victim, 1, chance)]
    expect_recovery(place, kills, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_five_kills_of_process_and_group_are_recovered_from(
    phase: str, place: Range, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(f"five {phase}")
    kills = [kill for victim in VICTIMS for kill in place.kills(phase, victim, 5, chance)]
    assert len(kills) == 10
    assert len({kill.scenario for kill in kills}) >= 3
    expect_recovery(place, kills, record_property)


@pytest.mark.slow
def test_kills_of_the_recovery_itself_are_recovered_from(
    place: Range, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random("again")
    kills = [
        place.followed(kill, 3, chance)
        for number, phase in enumerate(PHASES)
        for kill in place.kills(phase, VICTIMS[number % 2], 2, chance)
    ]
    expect_recovery(place, kills, record_property)
