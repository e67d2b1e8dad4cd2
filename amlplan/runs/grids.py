"""Grids: one run that stands for many, a member for each combination of parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from amlplan.errors import EXIT_RUN
from amlplan.history import FINAL
from amlplan.runs.sweeps import combinations
from amlplan.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.history import RunDetail
    from amlplan.runs.request import RunRequest

GRID, MEMBER = "grid", "member"
"""What the definitions of a grid, and of a member, have: its place among the combinations."""
NAMED = 5
"""Members that a reason names."""
NEVER_STARTED, NOT_STARTED, CLEARED = "never started", "not started", "cleared away"
CANCELED, NO_CONDUCTOR = "canceled", "the process that conducted it was ended"


@dataclass(frozen=True, slots=True)
class Grid:
    """What is to be run: `request` with each combination laid over it, so many at once."""

    request: RunRequest
    members: tuple[Mapping[str, str], ...]
    parallelism: int
    metric: str | None = None
    goal: str = "minimize"

    @classmethod
    def of(
        cls, request: RunRequest, swept: Mapping[str, tuple[str, ...]], parallelism: int
    ) -> Grid:
        """The grid of swept parameters; raises RunError for too many combinations."""
        return cls(request, tuple(combinations(swept)), parallelism)

    @classmethod
    def again(cls, request: RunRequest, definition: Mapping[str, Any]) -> Grid:
        """The grid that a definition tells of."""
        told = definition[GRID]
        members = tuple(told["members"])
        values = {**members[0], **request.parameters}
        request = replace(request, parameters={name: values[name] for name in told["order"]})
        return cls(request, members, told["parallelism"], told["metric"], told["goal"])

    @property
    def definition(self) -> dict[str, Any]:
        """What history keeps of it beside that of a run."""
        return {
            "members": [dict(member) for member in self.members],
            "order": list(self.request.parameters),
            "parallelism": self.parallelism,
            "metric": self.metric,
            "goal": self.goal,
        }

    def request_of(self, member: int) -> RunRequest:
        """What is asked of one member."""
        return self._with({**self.request.parameters, **self.members[member]})

    @property
    def own_request(self) -> RunRequest:
        """What is asked of all members alike."""
        alike = self.request.parameters.keys() - self.members[0].keys()
        return self._with({name: self.request.parameters[name] for name in sorted(alike)})

    def _with(self, parameters: Mapping[str, str]) -> RunRequest:
        request, definition = self.request, dict(self.request.definition)
        if "configuration" in definition:
            told = {**definition["configuration"], "parameters": dict(parameters)}
            definition["configuration"] = told
        return replace(request, parameters=parameters, definition=definition)


def is_grid(definition: Mapping[str, Any]) -> bool:
    """Whether a run's definition is that of a grid."""
    return isinstance(definition.get(GRID), dict)


def combinations_of(definition: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The combinations that a grid was to run, in their order."""
    return list(definition[GRID]["members"])


def missing_members(grid: RunDetail, members: Sequence[RunDetail]) -> list[Mapping[str, str]]:
    """The combinations of a grid that were never started."""
    started = {member.definition.get(MEMBER) for member in members}
    every = enumerate(combinations_of(grid.definition))
    return [combination for number, combination in every if number not in started]


def absence(grid: RunDetail) -> str:
    """What became of the combinations that have no member: they may be cleared away since."""
    summary = grid.summary
    was_whole = summary.status in FINAL and NEVER_STARTED not in (summary.reason or "")
    return CLEARED if was_whole else NOT_STARTED


def ending_of(grid: RunDetail, members: Sequence[RunDetail], because: str = "") -> dict[str, Any]:
    """The event that ends a grid whose members all ended; `because` says why some are missing."""
    missing = missing_members(grid, members)
    unwell = [member.summary for member in members if member.summary.status != "Completed"]
    if not missing and not unwell:
        return _status("Completed", None, 0)
    reasons = [f"{len(unwell)} of {counted(len(members), 'member')} did not complete"] * bool(
        unwell
    )
    if missing:
        names = [combination_text(combination) for combination in missing[:NAMED]]
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        reasons.append(f"{NEVER_STARTED}: {'; '.join(names)}{more}")
    if because and because != CANCELED:
        reasons.insert(0, because)
    worst = max([EXIT_RUN] * bool(missing) + [run.exit_code or EXIT_RUN for run in unwell])
    status = "Canceled" if because == CANCELED else "Failed"
    return _status(status, ", ".join(reasons), worst)


def combination_text(combination: Mapping[str, str]) -> str:
    """A combination in words."""
    return " ".join(f"{name}={value}" for name, value in combination.items())


def _status(status: str, reason: str | None, code: int) -> dict[str, Any]:
    return {
        "type": "status",
        "status": status,
        "reason": reason,
        "exit_code": code,
        "attempt": 1,
    }
