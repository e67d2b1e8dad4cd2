"""After a kill somebody wants something else: what was begun is neither lost nor kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.kill.bench_world import configuration, things
from bench.kill.checks import after_recovery
from bench.kill.phases import AT_OUTCOME, CALL_TO_PROGRESS, INTENT_TO_CALL, WITHIN_CALL, Order
from bench.kill.subject import APPLY, DESTROY, Configuration, Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.kill.ranges import Range

ORDERS = [
    Order(phase, nth)
    for phase in (INTENT_TO_CALL, WITHIN_CALL, CALL_TO_PROGRESS, AT_OUTCOME)
    for nth in (1, 2, 5, 11)
]
NOTHING = Configuration()
ALL = configuration(things("old"))
WISHES = (
    Scenario("nothing", NOTHING, Configuration(ALL.files), command=DESTROY),
    Scenario("half of it", NOTHING, configuration(things("old")[:6])),
    Scenario("another value", NOTHING, configuration(things("other"))),
    Scenario("another shape", NOTHING, configuration(things("old", "square"))),
)


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.name)
@pytest.mark.slow
def test_another_wish_after_a_killed_create(wish: Scenario, place: Range) -> None:
    broken = [f"{order}: {text}" for order in ORDERS for text in broken_by(order, wish, place)]
    assert not broken, "\n".join(broken)


def broken_by(order: Order, wish: Scenario, place: Range) -> Sequence[str]:
    """What is wrong after a kill of a create and one apply of another wish."""
    with place.forks.one() as fork, place.site(fork) as site:
        site.write(ALL)
        ended = site.run_until(order, APPLY)
        assert ended.code == -9, ended.text
        site.write(wish.after)
        return [str(item) for item in after_recovery(site.run(*wish.command), site, wish, None, {})]
