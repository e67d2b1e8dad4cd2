"""Finding, sorting and ranking runs."""

from __future__ import annotations

import math
import time

import pytest

from amlplan.errors import RunError
from amlplan.looking.best import ranked
from amlplan.looking.facts import fact_named
from amlplan.looking.finding import Wanted, in_order, moment_of, tags_of
from looking_support import overview

RUNS = [
    overview(4, metrics={"mse": math.nan}, parameters={"alpha": "10"}, name="test.py"),
    overview(3, metrics={"mse": 0.5, "id": 1}, parameters={"alpha": "9"}, tags={"a": "1"}),
    overview(2, metrics={"mse": [0.1, 0.7]}, parameters={"alpha": "x"}, tags={"a": "2"}),
    overview(1, metrics={"mse": 0.5}, tags={"b": None}),
]


def numbers(runs: list[object]) -> list[int | None]:
    return [run.summary.number for run in runs]  # type: ignore[attr-defined]


def test_runs_are_found_by_name_tags_and_age() -> None:
    assert numbers([*Wanted(name="te*").found(RUNS)]) == [4]
    assert numbers([*Wanted(tags={"a": None}).found(RUNS)]) == [3, 2]
    assert numbers([*Wanted(tags={"a": "2"}).found(RUNS)]) == [2]
    assert numbers([*Wanted(tags={"b": None}).found(RUNS)]) == [1]
    assert numbers([*Wanted(since=1003.0).found(RUNS)]) == [4, 3]
    assert tags_of(["a=1", "b", "c=d=e"]) == {"a": "1", "b": None, "c": "d=e"}
    with pytest.raises(RunError):
        tags_of(["=1"])


def test_moments_are_ages_days_and_times() -> None:
    assert abs(moment_of("2d", "since") - (time.time() - 172800)) < 60
    assert moment_of("2026-11-25T10:00+00:00", "since") == 1795600800.0
    assert moment_of("2026-11-25", "since") <= 1795651200.0
    for text in ("", "x", "2", "-3d", "9999999999w9"):
        with pytest.raises(RunError, match="90m"):
            moment_of(text, "since")


def test_runs_are_sorted_with_those_last_that_lack_it() -> None:
    def ordered(name: str, **how: bool) -> list[int | None]:
        return numbers([*in_order(RUNS, fact_named(name, RUNS), **how)])

    assert ordered("mse") == [3, 1, 2, 4]
    assert ordered("mse", is_reversed=True) == [2, 3, 1, 4]
    assert ordered("min.mse") == [2, 3, 1, 4]
    assert ordered("alpha") == [3, 4, 2, 1]  # numbers by their size, then texts
    assert ordered("number") == [1, 2, 3, 4]
    assert ordered("id") == [1, 2, 3, 4]  # a field comes before a metric of its name
    assert ordered("metrics.id")[0] == 3
    with pytest.raises(RunError, match='Did you mean "mse"'):
        fact_named("metrics.mze", RUNS)


def test_the_best_run_is_the_oldest_of_those_that_are_equal() -> None:
    assert numbers([*ranked(RUNS, "mse", "minimize", "last").runs]) == [1, 3, 2]
    assert numbers([*ranked(RUNS, "mse", "maximize", "last").runs]) == [2, 1, 3]
    assert numbers([*ranked(RUNS, "mse", "minimize", "min").runs])[0] == 2
    with pytest.raises(RunError, match="recorded mze"):
        ranked(RUNS, "mze", "minimize", "last")
    with pytest.raises(RunError, match="no order"):
        ranked(RUNS[:1], "mse", "minimize", "last")
    with pytest.raises(RunError, match="no run to look at"):
        ranked([], "mse", "minimize", "last")
