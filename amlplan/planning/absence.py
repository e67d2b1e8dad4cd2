"""Why the configuration has an object no longer, in the words that plans give as reasons."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from amlplan.addresses import parse_address
from amlplan_schemas.plan import Reason

if TYPE_CHECKING:
    from amlplan.addresses import Address
    from amlplan.config.evaluating.evaluation import Evaluation

_MISSING_KEYS = {str: Reason.EACH_KEY, int: Reason.COUNT_INDEX}


class Absence:
    """What a configuration has instead of what it lacks; made for one plan, as deletes are many."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation

    @cached_property
    def _nodes(self) -> frozenset[str]:
        return frozenset(self._evaluation.blocks_of())

    @cached_property
    def _keys(self) -> dict[Address, type]:
        """The type of key of the objects of each block, by their address without it."""
        found: dict[Address, type] = {}
        for address in map(parse_address, self._evaluation.blocks):
            if address is not None:
                found.setdefault(address.without_key, type(address.key))
        return found

    def reason(self, address: str) -> Reason:
        """Why an object is not wanted any more."""
        parsed = parse_address(address)
        if parsed is None:
            return Reason.NO_CONFIGURATION
        if parsed.node in self._nodes:
            return self._missing_instance(parsed)
        prefix = parsed.node.removesuffix(f"{parsed.block}.{parsed.label}")
        has_module = not prefix or any(node.startswith(prefix) for node in self._nodes)
        return Reason.NO_CONFIGURATION if has_module else Reason.NO_MODULE

    def _missing_instance(self, parsed: Address) -> Reason:
        """Why an object is not among those that its block stands for."""
        key = self._keys.get(parsed.without_key)
        if key is not None and key is not type(parsed.key):
            return Reason.WRONG_REPETITION
        if key is None and any(each is not None for _, each in parsed.calls):
            return Reason.NO_MODULE
        return _MISSING_KEYS.get(type(parsed.key), Reason.WRONG_REPETITION)
