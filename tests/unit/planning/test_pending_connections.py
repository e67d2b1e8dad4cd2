"""Interrupted operations are looked at by the way that the configuration has now."""

from __future__ import annotations

from amlplan.planning.connections import with_connections
from amlplan_schemas.state import Intent, Record, State, Tree

WRONG, RIGHT = Tree(values={"connection": "wrong"}), Tree(values={"connection": "right"})


def record(kind: str) -> Record:
    return Record(
        address="compute.box",
        kind=kind,
        name="box",
        generation=1,
        identity="lineage/compute.box/1",
        provider="x",
        connection=WRONG,
    )


def state(kind: str = "compute.x") -> State:
    intent = Intent(
        operation="1", action="create", address="compute.box", draft=record(kind), plan="p"
    )
    return State(
        tool_version="1", lineage="lineage", serial=1, salt="s", pending={"compute.box": intent}
    )


def test_a_create_that_did_not_arrive_is_asked_for_where_it_was_to_be() -> None:
    seen = with_connections(state(), {"compute.box": ("compute.x", RIGHT)})
    assert seen.pending["compute.box"].draft.connection == RIGHT


def test_one_of_another_kind_or_block_is_left() -> None:
    for connections in ({"compute.box": ("compute.y", RIGHT)}, {"compute.c": ("compute.x", RIGHT)}):
        seen = with_connections(state(), connections)
        assert seen.pending["compute.box"].draft.connection == WRONG
