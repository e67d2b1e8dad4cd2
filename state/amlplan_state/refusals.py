"""Why a state may not take the place of the one that is there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from amlplan.errors import StateError
from amlplan.wording import counted, few

if TYPE_CHECKING:
    from amlplan_schemas.state import State
    from amlplan_state.paths import StatePaths


def check_follows(paths: StatePaths, state: State, present: State) -> None:
    """Raise StateError unless a state continues the present one, with nothing of it pending."""
    check_lineage(paths, state, present)
    if state.serial <= present.serial:
        word = "older than" if state.serial < present.serial else "as old as"
        raise StateError(
            "The state is not newer",
            f"The file has serial {state.serial}, which is {word} serial {present.serial} in "
            f"{paths.state}: what was applied in between would be forgotten, and made a second "
            "time. Compare the two with `amlplan state history`. To go back all the same, use "
            "-force: the present state stays among the earlier snapshots.",
        )
    if present.pending:
        raise StateError(
            "An apply was interrupted",
            f"What became of {counted(len(present.pending), 'operation')} on "
            f"{few(sorted(present.pending))} is not known yet, and another state would forget to "
            "find out. Run: amlplan apply. To replace the state all the same, use -force.",
        )


def check_lineage(paths: StatePaths, state: State, present: State) -> None:
    """Raise StateError where a state does not come from the same first apply."""
    if state.lineage != present.lineage:
        raise StateError(
            "The state is of another lineage",
            f"The file has lineage {state.lineage} and {paths.state} has {present.lineage}: they "
            "come from different first applies, so the file is probably that of another project, "
            "and what is recorded here would be forgotten. Give a file of this project. To replace "
            "the state all the same, use -force: the present state stays among the earlier "
            "snapshots.",
        )


def check_not_older(paths: StatePaths, state: State, alone: State) -> None:
    """Raise StateError where a state is older than a snapshot that is good by itself."""
    if state.serial < alone.serial:
        raise StateError(
            "The state is not newer",
            f"The file has serial {state.serial}, but only the journal is in trouble: the snapshot "
            f"{paths.state} is good, with serial {alone.serial}. Take that one with: amlplan state "
            f"push {shlex.quote(str(paths.state))}. To go back further all the same, use -force.",
        )
