"""How many runs a target has room for at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan.abilities import RunsJobs

MOST = 32


def at_once(jobs: RunsJobs, needed: Mapping[str, int]) -> int:
    """How many runs that need so much each a target can have at once; 1 at the least.

    Where a run says nothing about cores, each is taken to need one.
    """
    each = {"cpus": 1, **needed}
    for count in range(2, MOST + 1):
        if jobs.lacking({name: amount * count for name, amount in each.items()}):
            return count - 1
    return MOST
