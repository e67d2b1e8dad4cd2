"""Whatever happens to a project and its world, in whatever order: the promises hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bench.kill.forks import Fork
from properties.local_machine import LocalBlocks, logged_calls
from properties.machine import Things

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.stateful import RuleBasedStateMachine

COURSES = 30
STEPS = 40
PHASES = (Phase.generate,)
"""A course that fails is printed as it is; with Phase.shrink it is shortened, for some minutes."""


@pytest.fixture(scope="module")
def fork() -> Iterator[Fork]:
    made = Fork(["amlplan_bench.world.World.land"])
    yield made
    made.close()


def run_machine(
    machine: type[RuleBasedStateMachine], request: pytest.FixtureRequest, courses: int
) -> None:
    """Let a machine take some courses: the same ones each time, or with --fresh=N N times new."""
    fresh = request.config.getoption("--fresh")
    chosen = settings(
        max_examples=courses * max(1, fresh),
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not fresh,
        database=None,
        phases=PHASES,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.slow
def test_things(fork: Fork, request: pytest.FixtureRequest) -> None:
    Things.fork = fork
    run_machine(Things, request, COURSES)


@pytest.mark.slow
def test_blocks_of_this_host(request: pytest.FixtureRequest) -> None:
    with logged_calls():
        run_machine(LocalBlocks, request, COURSES // 2)
