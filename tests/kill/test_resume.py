"""A create of several steps that was killed goes on at the step that it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.kill.bench_world import Thing, configuration
from bench.kill.phases import CALL_TO_PROGRESS, PROGRESS_TO_OUTCOME, Order
from bench.kill.subject import APPLY

if TYPE_CHECKING:
    from bench.kill.ranges import Range

STEPS = 4
THING = Thing("a", "it", steps=STEPS)


@pytest.mark.parametrize("done", range(1, STEPS + 1))
@pytest.mark.parametrize("phase", [CALL_TO_PROGRESS, PROGRESS_TO_OUTCOME])
def test_steps_that_are_durable_are_not_done_again(place: Range, phase: str, done: int) -> None:
    with place.forks.one() as fork, place.site(fork) as site:
        site.write(configuration([THING]))
        assert site.run_until(Order(phase, done), APPLY).code == -9
        state = site.state()
        assert state is not None
        durable = done if phase == PROGRESS_TO_OUTCOME else done - 1
        (intent,) = state.pending.values()
        assert list(intent.steps) == [f"step{number}" for number in range(durable)]
        assert site.run(*APPLY).code == 0
        ledger = place.subject.ledger(site.base)
        times = [ledger[f"step{number} {intent.draft.identity}"] for number in range(STEPS)]
        expected = [1] * STEPS
        if phase == CALL_TO_PROGRESS:
            expected[done - 1] = 2  # it was done, and nobody had heard of it
        assert times == expected
        assert ledger[f"create {intent.draft.identity}"] == 1
