"""After a kill somebody wants something else: what was begun is neither lost nor kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kill.checks import after_recovery
from kill.scenario import SCENARIOS, Scenario, things
from kill.worker import AT_OUTCOME, CALL_TO_PROGRESS, INTENT_TO_CALL, WITHIN_CALL, Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kill.sweep import Range

ORDERS = [
    Order(phase, nth)
    for phase in (INTENT_TO_CALL, WITHIN_CALL, CALL_TO_PROGRESS, AT_OUTCOME)
    for nth in (1, 2, 5, 11)
]
WISHES = (
    Scenario("nothing", (), (), command=("destroy", "-auto-approve")),
    Scenario("half of it", (), things("old")[:6]),
    Scenario("another value", (), things("other")),
    Scenario("another shape", (), things("old", "square")),
)


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.name)
@pytest.mark.slow
def test_another_wish_after_a_killed_create(wish: Scenario, place: Range) -> None:
    broken = [f"{order}: {text}" for order in ORDERS for text in broken_by(order, wish, place)]
    assert not broken, "\n".join(broken)


def broken_by(order: Order, wish: Scenario, place: Range) -> Sequence[str]:
    """What is wrong after a kill of a create and one apply of another wish."""
    with place.forks.one() as fork, place.site(fork) as site:
        place.prepare(site, "create")
        ended = site.run_until(order, SCENARIOS["create"].command)
        assert ended.code == -9, ended.text
        if wish.after:
            site.write(wish.after)
        return [str(item) for item in after_recovery(site.run(*wish.command), site, wish, None, {})]
