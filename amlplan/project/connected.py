"""The state for commands beside plan and apply: its targets reached as this user reaches them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amlplan.errors import AmlplanError
from amlplan.planning.connections import with_connections
from amlplan.project.opening import connections_in, open_project

if TYPE_CHECKING:
    from amlplan.planning.connections import Connections
    from amlplan_schemas.state import State


def connections_here(state: State | None, root: Path | None = None) -> Connections:
    """How this user reaches the targets of a state, as the configuration of a folder says.

    Nothing where no target needs to be told how, or where the configuration cannot be read: then
    each is reached as it was when it was applied.
    """
    records = state.records.values() if state is not None else ()
    if state is None or all(record.connection is None for record in records):
        return {}
    try:
        project = open_project(
            root=Path.cwd() if root is None else root,
            require_variables=False,
            check_state_location=False,
            needs_state=False,
            opens_history=False,
        )
        return connections_in(project, state)
    except AmlplanError:
        return {}


def connected_state(state: State | None, root: Path | None = None) -> State | None:
    """A state with the connections of this user; never to be written."""
    return None if state is None else with_connections(state, connections_here(state, root))
