"""Which objects a plan is about, where options name some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.addresses import covers, node_of, parse_address
from amlplan.errors import UnknownAddressError
from amlplan.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from amlplan.addresses import Address
    from amlplan.config.evaluating.evaluation import Evaluation
    from amlplan_schemas.plan import PlanOptions
    from amlplan_schemas.state import Record


def named(patterns: Iterable[str], addresses: Iterable[str]) -> frozenset[str]:
    """The addresses that are, or are inside of, what somebody names."""
    ways = [way for way in map(parse_address, patterns) if way is not None]
    return frozenset(address for address in addresses if _is_one_of(address, ways))


def _is_one_of(address: str, ways: Collection[Address]) -> bool:
    parsed = parse_address(address) if ways else None
    return parsed is not None and any(covers(way, parsed) for way in ways)


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a configuration is planned; `nodes` None means every block of it.

    `targets` and `excluded` are as in PlanOptions. A block that a target needs is planned with all
    of its instances.
    """

    nodes: frozenset[str] | None
    targets: tuple[Address, ...]
    needed: frozenset[str]
    excluded: tuple[Address, ...]

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self.nodes is None and not self.excluded

    def wants(self, address: str) -> bool:
        """Whether an object is planned, going by what the options name and what that needs."""
        if self.nodes is not None and node_of(address) not in self.needed:
            return _is_one_of(address, self.targets) and not self.excludes(address)
        return not self.excludes(address)

    def excludes(self, address: str) -> bool:
        """Whether an option leaves an object out by its name."""
        return _is_one_of(address, self.excluded)

    def removable(
        self, doomed: Mapping[str, Record], dependants: Mapping[str, Collection[str]]
    ) -> frozenset[str]:
        """Which of the records that are to go may go: with a target goes what leans on it.

        What is excluded stays, with all that it leans on.
        """
        chosen = set(doomed)
        if self.nodes is not None:
            chosen = {address for address in doomed if _is_one_of(address, self.targets)}
            waiting = list(chosen)
            while waiting:
                leaning = set(dependants.get(waiting.pop(), ())) & doomed.keys() - chosen
                chosen |= leaning
                waiting += leaning
        kept = {address for address in doomed if self.excludes(address)}
        waiting = list(kept)
        while waiting:
            below = set(doomed[waiting.pop()].depends_on) & doomed.keys() - kept
            kept |= below
            waiting += below
        return frozenset(chosen - kept)


def selection_of(options: PlanOptions, evaluation: Evaluation) -> Selection:
    """What the options select of a configuration."""
    targets = tuple(filter(None, map(parse_address, options.targets)))
    excluded = tuple(filter(None, map(parse_address, options.excluded)))
    if not targets:
        return Selection(None, (), frozenset(), excluded)
    own = {node for node in evaluation.blocks_of() for way in targets if _names_node(way, node)}
    needed = evaluation.needed_by(own)
    return Selection(frozenset(own | needed), targets, needed, excluded)


def _names_node(way: Address, node: str) -> bool:
    """Whether a name may stand for objects of a block: keys are not known yet."""
    prefix = way.node
    return node == prefix or (way.block == "module" and node.startswith(f"{prefix}."))


def check_names(options: PlanOptions, evaluation: Evaluation, addresses: Collection[str]) -> None:
    """Raise UnknownAddressError for an option that names nothing there is.

    `addresses` are those of the objects that are wanted or recorded.
    """
    known = {*addresses, *evaluation.blocks_of()}
    asked = {
        "target": [item for item in options.targets if item not in options.imports],
        "": list(options.imports),
        "exclude": options.excluded,
        "replace": options.replace,
        "forget": options.forget,
        "accept-identity": options.accept_identity,
    }
    for option, patterns in asked.items():
        for pattern in patterns:
            said = f"-{option}={pattern}" if option else pattern
            way = parse_address(pattern)
            if way is None:
                raise UnknownAddressError(
                    "No address",
                    f"{said} names no object. Write an address as in model.ridge, "
                    'model.ridge["eu"] or module.team.',
                )
            there = any(_is_one_of(address, [way]) for address in addresses)
            if not there and (way.key is not None or not _is_block(way, evaluation)):
                raise UnknownAddressError(
                    "Nothing has this address",
                    f"{said} names nothing in the configuration or the state."
                    f"{suggestion(pattern, sorted(known))} See: amlplan state list",
                )


def _is_block(way: Address, evaluation: Evaluation) -> bool:
    return any(_names_node(way, node) for node in evaluation.blocks_of())
