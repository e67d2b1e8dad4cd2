"""Containers that runs left behind, as people and programs read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.cli.style import styled, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amlplan.errors import ProviderError
    from amlplan.looking.clearing.leftovers import LeftContainer


def told_leftovers(left: Sequence[LeftContainer], unreached: Iterable[ProviderError]) -> list[str]:
    """Lines that say which containers go, and which engines could not be looked at."""
    lines = [f"Not looked at: {visible(failure.detail)}" for failure in unreached]
    if left:
        lines.append(styled("bold", "Containers of runs that nothing looks after:"))
        lines += [f"  {each.found.name} on {_where(each)}: {each.why}" for each in left]
    return [*lines, ""] if lines else []


def leftovers_json(left: Iterable[LeftContainer]) -> list[dict[str, str]]:
    """The same for programs."""
    return [
        {"name": each.found.name, "run": each.found.run, "target": _where(each), "why": each.why}
        for each in left
    ]


def _where(each: LeftContainer) -> str:
    return "the engine of this host" if each.target is None else each.target.address
