"""What `moved` and `removed` blocks make of a state, before anything is planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.addresses import Address, parse_address
from amlplan.config.blocks import MovedBlock, RemovedBlock
from amlplan.diagnostics import Diagnostic, error
from amlplan.renaming import renamed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.config.blocks import Configuration
    from amlplan_schemas.state import State


def with_moves(
    state: State, configuration: Configuration
) -> tuple[State, dict[str, str], list[Diagnostic]]:
    """The state with its records where the configuration moved them, and which went where.

    Blocks are followed in the order in which they are written. One whose object would come where
    another is already is a mistake; one that names nothing here was carried out before.
    """
    problems: list[Diagnostic] = [*_still_there(configuration)]
    places = {address: address for address in state.records if address not in state.pending}
    for module in configuration.modules():
        for block in module.moved:
            found = _moves_of(block, module.path, places)
            for now, then in found.items():
                if then in places and then not in found:
                    problems.append(_collides(block, now, then))
                    continue
                places[then] = places.pop(now)
    names = {origin: now for now, origin in places.items() if now != origin}
    records = renamed(state.records, names)
    return state.model_copy(update={"records": records}), names, problems


def _still_there(configuration: Configuration) -> Iterator[Diagnostic]:
    """What a block says was moved or removed, and the configuration has all the same."""
    for module in configuration.modules():
        blocks: list[MovedBlock | RemovedBlock] = [*module.moved, *module.removed]
        for block in blocks:
            origin = block.origin
            holds = module.calls if origin.block == "module" else module.resources
            name = origin.label if origin.block == "module" else f"{origin.block}.{origin.label}"
            keyed = origin.key is not None or (
                isinstance(block, MovedBlock) and block.target.key is not None
            )
            if origin.calls or keyed or name not in holds:
                continue
            word = "moved" if isinstance(block, MovedBlock) else "removed"
            yield error(
                "still_there",
                "Moved or removed, and still there",
                f"The block says that {origin} was {word}, and the configuration still has it. "
                "Take one of the two out.",
                block.header,
                context=word,
            )


def _moves_of(
    block: MovedBlock, path: tuple[str, ...], places: Mapping[str, str]
) -> dict[str, str]:
    """Where a block moves each of the addresses that are taken now."""
    found: dict[str, str] = {}
    for text in places:
        address = parse_address(text)
        if address is None:
            continue
        target = _moved(address, block, path)
        if target is not None and target != address:
            found[text] = str(target)
    return found


def _moved(address: Address, block: MovedBlock, path: tuple[str, ...]) -> Address | None:
    """Where an object is moved to, None where the block says nothing of it."""
    above = len(path)
    if tuple(name for name, _ in address.calls[:above]) != path:
        return None
    inside = replace(address, calls=address.calls[above:])
    origin, target = block.origin, block.target
    found = _into(inside, origin, target)
    return None if found is None else replace(found, calls=(*address.calls[:above], *found.calls))


def _into(inside: Address, origin: Address, target: Address) -> Address | None:
    depth = len(origin.calls)
    if inside.calls[:depth] != origin.calls:
        return None
    if origin.block == "module":
        if len(inside.calls) <= depth:
            return None
        label, key = inside.calls[depth]
        keeps = origin.key is None and target.key is None
        if label != origin.label or (not keeps and key != origin.key):
            return None
        call = (target.label, key if keeps else target.key)
        return replace(inside, calls=(*target.calls, call, *inside.calls[depth + 1 :]))
    if len(inside.calls) != depth or (inside.block, inside.label) != (origin.block, origin.label):
        return None
    keeps = origin.key is None and target.key is None
    if not keeps and inside.key != origin.key:
        return None
    return replace(target, key=inside.key if keeps else target.key)


def forgotten(address: str, configuration: Configuration) -> bool | None:
    """Whether a `removed` block lets an object stay; None where no block names it."""
    parsed = parse_address(address)
    if parsed is None:
        return None
    for module in configuration.modules():
        above = len(module.path)
        if tuple(name for name, _ in parsed.calls[:above]) != module.path:
            continue
        inside = replace(parsed, calls=parsed.calls[above:])
        for block in module.removed:
            anywhere = replace(block.origin, key=None)
            if _into(inside, block.origin, block.origin if block.origin.key else anywhere):
                return not block.destroys
    return None


def _collides(block: MovedBlock, now: str, then: str) -> Diagnostic:
    return error(
        "moved_collides",
        "Move to an address that is taken",
        f"{now} is to move to {then}, where the state has another object. Take the moved block "
        "out, or delete one of the two first.",
        block.header,
        context="moved",
        address=now,
    )
