"""The same kills of the providers of this host: nothing lost, made twice, or left lying about."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench.kill.arming import OUTCOME_IS_LOST
from bench.kill.phases import AT_OUTCOME, PHASES, VICTIMS, WITHIN_CALL, Order
from bench.kill.ranges import Kill
from bench.kill.report import histogram, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.kill.ranges import Range


def expect_recovery(
    place: Range, kills: Sequence[Kill], record_property: Callable[[str, object], None]
) -> None:
    """Try the kills, tell the histogram, and show that nothing was broken by any."""
    verdicts = place.verdicts(kills)
    print(histogram(kills))
    record_property("kills", json.dumps([told(kill) for kill in kills]))
    broken = [str(verdict) for verdict in verdicts if verdict.violations]
    assert not broken, "\n".join(broken)


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_kills_of_process_and_group_are_recovered_from(
    phase: str, local_place: Range, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(f"local {phase}")
    kills = [kill for victim in VICTIMS for kill in local_place.kills(phase, victim, 2, chance)]
    assert len(kills) == 4
    expect_recovery(local_place, kills, record_property)


def test_kills_all_over_a_destroy_leave_no_alias_behind(
    local_place: Range, record_property: Callable[[str, object], None]
) -> None:
    moments = range(1, local_place.counts["destroy"][WITHIN_CALL] + 1, 5)
    kills = [Kill("destroy", Order(WITHIN_CALL, nth)) for nth in moments]
    assert len(kills) > 5
    expect_recovery(local_place, kills, record_property)


def test_an_outcome_that_is_lost_shows_as_orphan(local_place: Range) -> None:
    kill = Kill("create", Order(AT_OUTCOME, 2))
    faulty = replace(kill, fault=OUTCOME_IS_LOST)
    sound, broken = local_place.verdicts([kill, faulty])
    assert not sound.violations
    assert {"orphan", "lost state"} <= {item.kind for item in broken.violations}
