"""What may be done to a state by hand: to move records, to let go of them, to lift protection."""

from __future__ import annotations

import getpass
import socket
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from amlplan.addresses import parse_address, relocated
from amlplan.errors import PlanError, StateError
from amlplan.states.selecting import address_of, not_recorded, selected
from amlplan.wording import few, in_shell
from amlplan_schemas.state import Edit, Unprotected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from amlplan_schemas.state import Intent, Record, State


def moves_of(state: State, origin: str, target: str) -> dict[str, str]:
    """The records that are at `origin` with where they go; raises what makes it impossible."""
    source, destination = address_of(origin), address_of(target)
    if source.block != destination.block:
        raise PlanError(
            "Move to another type of block",
            f"{origin} cannot become {target}: an object stays what it is, so only its module, "
            "label and key may change.",
        )
    if origin == target:
        raise PlanError("Move to where it is", f"{origin} is there already. Name another address.")
    names = {}
    for name in selected(state.records, origin):
        address = parse_address(name)
        moved = None if address is None else relocated(address, source, destination)
        if moved is not None:
            names[name] = str(moved)
    if not names:
        raise not_recorded(state.records, origin)
    for name, moved_to in names.items():
        _refuse_taken(state, names, name, moved_to)
    refuse_pending(state, {*names, *names.values()})
    return names


def _refuse_taken(state: State, names: Mapping[str, str], name: str, target: str) -> None:
    if target in state.records and target not in names:
        raise StateError(
            "The address is taken",
            f"{name} cannot move to {target}, where the state has another object. Move that one "
            f"away first, or let go of it: amlplan state rm {in_shell(target)}",
            address=name,
        )


def releases_of(state: State, texts: Iterable[str]) -> list[Record]:
    """The records to let go of, what leans on others first; raises what makes it impossible."""
    going: set[str] = set()
    for text in texts:
        going.update(selected(state.records, text))
    refuse_pending(state, going)
    whole = _with_dependants(state, going)
    if whole != going:
        above = sorted(whole - going)
        raise StateError(
            "Something depends on it",
            f"{few(above)} would depend on nothing that is known. Let go of all of it, as in: "
            f"amlplan state rm {' '.join(in_shell(name) for name in sorted(whole))}",
            address=above[0],
        )
    order = TopologicalSorter(
        {name: going.intersection(state.records[name].depends_on) for name in sorted(going)}
    )
    return [state.records[name] for name in reversed(list(order.static_order()))]


def _with_dependants(state: State, addresses: set[str]) -> set[str]:
    """The addresses with all that depends on them, directly or not."""
    found = set(addresses)
    while True:
        above = {
            name
            for name, record in state.records.items()
            if name not in found and not found.isdisjoint(record.depends_on)
        }
        if not above:
            return found
        found |= above


def protected_record(state: State, address: str) -> Record:
    """The record whose protection is to be lifted; raises PlanError where there is none."""
    record = state.records.get(address)
    if record is None:
        address_of(address)
        raise not_recorded(state.records, address)
    refuse_pending(state, {address})
    if not record.protected:
        raise PlanError(
            "It is not protected",
            f"Nothing keeps {address} from being destroyed, so there is nothing to lift.",
            address=address,
        )
    return record


def unprotected(record: Record, why: str, edit: Edit) -> Record:
    """The record without its protection, with the reason."""
    lifted = Unprotected(by=edit.by, at=edit.at, why=why)
    return record.model_copy(update={"protected": False, "unprotected": lifted})


def edit_now(command: str) -> Edit:
    """Who changes a state here and now, with which command."""
    return Edit(
        command=command,
        by=getpass.getuser(),
        host=socket.gethostname(),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def refuse_pending(state: State, addresses: Collection[str]) -> None:
    """Raise StateError where an interrupted operation is about one of these, or refers to it."""
    about = sorted(
        name
        for name, intent in state.pending.items()
        if name in addresses or not _needs(intent).isdisjoint(addresses)
    )
    if about:
        raise StateError(
            "An apply was interrupted here",
            f"What became of {few(about)} is not known yet, so what is recorded of it may be "
            "about to change. Run: amlplan apply",
            address=about[0],
        )


def _needs(intent: Intent) -> set[str]:
    targets = intent.draft.targets.values()
    return {*intent.draft.depends_on, *(target.address for target in targets)}
