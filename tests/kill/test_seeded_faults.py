"""Without the intent, the find, or its Unreachable, the kills are not recovered from.

Each test shows both: the fault turns the checks red, and the same kills without it stay green.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.kill.arming import FIND_SAYS_MISSING, NO_INTENT, SILENCE_SAYS_MISSING
from bench.kill.phases import AT_OUTCOME, Order
from bench.kill.ranges import Kill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.kill.ranges import Range


def kinds(place: Range, kills: Sequence[Kill]) -> list[set[str]]:
    """Which promises each kill breaks."""
    return [{item.kind for item in verdict.violations} for verdict in place.verdicts(kills)]


def creates(place: Range, count: int = 6) -> list[Kill]:
    """Kills all over a create, each when an object is complete and not recorded."""
    times = place.counts["create"][AT_OUTCOME]
    return [Kill("create", Order(AT_OUTCOME, 1 + times * n // count)) for n in range(count)]


def with_fault(kills: Sequence[Kill], fault: str) -> list[Kill]:
    return [replace(kill, fault=fault) for kill in kills]


def test_without_the_intent_objects_are_orphaned_and_doubled(place: Range) -> None:
    kills = creates(place)
    assert not any(kinds(place, kills))
    for found in kinds(place, with_fault(kills, NO_INTENT)):
        assert {"orphan", "duplicate"} <= found


def test_without_the_intent_kills_of_a_replacement_show_as_well(place: Range) -> None:
    kills = [Kill("replace", Order(AT_OUTCOME, nth)) for nth in range(1, 7)]
    assert not any(kinds(place, kills))
    broken = kinds(place, with_fault(kills, NO_INTENT))
    assert any({"orphan", "duplicate"} <= found for found in broken), broken


def test_without_find_objects_are_doubled(place: Range) -> None:
    kills = creates(place)
    assert not any(kinds(place, kills))
    for found in kinds(place, with_fault(kills, FIND_SAYS_MISSING)):
        assert "duplicate" in found


def test_silence_taken_for_absence_doubles_objects(place: Range) -> None:
    kills = [replace(kill, silent=True) for kill in creates(place)]
    assert not any(kinds(place, kills))
    for found in kinds(place, with_fault(kills, SILENCE_SAYS_MISSING)):
        assert "duplicate" in found
