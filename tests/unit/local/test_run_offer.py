"""How a run is offered beside the locked one."""

from __future__ import annotations

from typing import Any

import pytest

from amlplan_local.selection import run_offer


def entry(run: str, number: int, value: float | None = None) -> dict[str, Any]:
    measured = {} if value is None else {"metric": "mse", "value": value}
    return {"run": run, "lineage": {"run": run, "history": "line", "number": number, **measured}}


@pytest.mark.parametrize(
    ("locked", "current", "text"),
    [
        (entry("a", 1, 0.5), entry("a", 1, 0.5), None),
        (
            entry("a", 1, 0.5),
            entry("b", 2, 0.25),
            "run 2 of line is better: mse 0.25, and the locked run 1 of line has 0.5",
        ),
        (
            entry("a", 1, 0.5),
            entry("b", 1, 0.5),
            "run b would be chosen now, and run a is locked",
        ),
        (
            entry("a", 2),
            entry("b", 3),
            "run 3 of line would be chosen now, and run 2 of line is locked",
        ),
    ],
)
def test_an_offer_names_both_runs(
    locked: dict[str, Any], current: dict[str, Any], text: str | None
) -> None:
    assert run_offer(locked, current) == text
