"""What `moved` and `removed` blocks make of a state, before anything is planned."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amlplan.addresses import Address, parse_address, relocated
from amlplan.config.blocks import MovedBlock, RemovedBlock
from amlplan.diagnostics import Diagnostic, error
from amlplan.renaming import renamed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from amlplan.addresses import Key
    from amlplan.config.blocks import Configuration
    from amlplan_schemas.state import State

_Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """A state whose records are where the configuration moved them.

    `names` has the addresses that were left with those that were taken. `waiting` has addresses
    that are to be taken by an object whose interrupted operation is not settled, with its own.
    """

    state: State
    names: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()


def with_moves(state: State, configuration: Configuration) -> Moves:
    """Follow the moved blocks of a configuration, and what `count` that comes or goes implies.

    Blocks are followed one after the other however they are ordered, as in a to b to c. One whose
    object would come where another is already is a mistake; one that names nothing here was
    carried out before.
    """
    blocks = _Blocks(configuration)
    problems = [*_still_there(configuration), *blocks.problems]
    taken: dict[str, list[str]] = {}
    by: dict[str, MovedBlock | None] = {}
    for name in state.records:
        target, by[name] = blocks.follow(name, state.records.keys())
        taken.setdefault(target, []).append(name)
    names: dict[str, str] = {}
    waiting: dict[str, str] = {}
    for target, origins in taken.items():
        moving = [name for name in origins if name != target]
        if len(origins) > 1:
            problems += [_collides(by[name], name, target) for name in moving]
        elif moving and moving[0] in state.pending:
            waiting[target] = moving[0]
        elif moving:
            names[moving[0]] = target
    records = renamed(state.records, names)
    moved = state.model_copy(update={"records": records}) if names else state
    return Moves(moved, names, waiting, tuple(problems))


class _Blocks:
    """The moved blocks of all modules, found by the block or module that each is about."""

    def __init__(self, configuration: Configuration) -> None:
        self._found: dict[tuple[_Names, str, str], list[tuple[_Names, MovedBlock]]] = {}
        self._modules = {module.path: module for module in configuration.modules()}
        self.problems: list[Diagnostic] = []
        seen: dict[tuple[_Names, Address], MovedBlock] = {}
        for module in configuration.modules():
            for block in module.moved:
                earlier = seen.setdefault((module.path, block.origin), block)
                if block.origin == block.target or earlier is not block:
                    self.problems.append(_ambiguous(block, earlier))
                    continue
                calls = tuple(name for name, _ in block.origin.calls)
                key = ((*module.path, *calls), block.origin.block, block.origin.label)
                self._found.setdefault(key, []).append((module.path, block))

    def follow(self, name: str, there: AbstractSet[str]) -> tuple[str, MovedBlock | None]:
        """Where an object goes in the end, and the last block that says so.

        It is where it was if nothing moves it; None where only `count` does.
        """
        address = parse_address(name)
        if address is None:
            return name, None
        seen = {address}
        last: MovedBlock | None = None
        while True:
            found, block = self._step(address)
            if found is None or found in seen:
                break
            address, last = found, block
            seen.add(found)
        implied = self._implied(address)
        return str(address if str(implied) in there else implied), last

    def _step(self, address: Address) -> tuple[Address | None, MovedBlock | None]:
        calls = tuple(name for name, _ in address.calls)
        keys = [(calls, address.block, address.label)]
        keys += [(calls[:depth], "module", calls[depth]) for depth in range(len(calls))]
        for key in keys:
            for path, block in self._found.get(key, ()):
                target = _moved(address, block, path)
                if target is not None and target != address:
                    return target, block
        return None, None

    def _implied(self, address: Address) -> Address:
        """Where an object is once `count` came to, or went from, its block or its modules."""
        path: _Names = ()
        calls = []
        for name, key in address.calls:
            module = self._modules.get(path)
            call = module.calls.get(name) if module is not None else None
            calls.append((name, _counted(key, None if call is None else call.meta.keys())))
            path = (*path, name)
        module = self._modules.get(path)
        block = module.resources.get(f"{address.block}.{address.label}") if module else None
        key = _counted(address.key, None if block is None else block.meta.keys())
        return replace(address, calls=tuple(calls), key=key)


def _counted(key: Key | None, meta: AbstractSet[str] | None) -> Key | None:
    """The key of the only object of a block that has `count` now, or has it no longer."""
    if meta is None:
        return key
    if key is None and "count" in meta:
        return 0
    if key == 0 and not meta & {"count", "for_each"}:
        return None
    return key


def _ambiguous(block: MovedBlock, earlier: MovedBlock) -> Diagnostic:
    what = f"{block.origin} is to move to itself"
    if earlier is not block:
        what = f"{block.origin} is to move to {earlier.target} and to {block.target}"
    return error(
        "moved_twice",
        "Move to nowhere or to two places",
        f"{what}. Take the block out, or name the one place where it is now.",
        block.header,
        context="moved",
    )


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


def _moved(address: Address, block: MovedBlock, path: tuple[str, ...]) -> Address | None:
    """Where an object is moved to, None where the block says nothing of it."""
    above = len(path)
    if tuple(name for name, _ in address.calls[:above]) != path:
        return None
    inside = replace(address, calls=address.calls[above:])
    origin, target = block.origin, block.target
    found = relocated(inside, origin, target)
    return None if found is None else replace(found, calls=(*address.calls[:above], *found.calls))


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
            if relocated(inside, block.origin, block.origin if block.origin.key else anywhere):
                return not block.destroys
    return None


def _collides(block: MovedBlock | None, now: str, then: str) -> Diagnostic:
    return error(
        "moved_collides",
        "Move to an address that is taken",
        f"{now} is to move to {then}, where the state has another object. Take the moved block "
        "out, or delete one of the two first.",
        None if block is None else block.header,
        context="moved",
        address=now,
    )
