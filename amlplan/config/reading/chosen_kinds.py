"""Gives blocks the kind that a reference of theirs chooses, as `image@docker`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from amlplan.addresses import CHOSEN
from amlplan.config.locate import argument_range
from amlplan.config.reading.block_results import Place, blocks_of, place_in
from amlplan.diagnostics import error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from amlplan.config.blocks import Configuration, ResourceBlock
    from amlplan.config.reading.forms import ModelOf
    from amlplan.diagnostics import Diagnostic


def choose_kinds(
    configuration: Configuration, block_types: Mapping[str, frozenset[str]], model_of: ModelOf
) -> list[Diagnostic]:
    """Put blocks whose kind is chosen in the place of those that were read; gives what is wrong.

    A block whose reference is left out, or leads to a target that no kind is for, keeps the kind
    that its type has by itself; where nobody wrote it, it does not need the reference then.
    """
    choosing = {
        block: kinds
        for block, kinds in block_types.items()
        if any(CHOSEN in kind for kind in kinds)
    }
    problems: list[Diagnostic] = []
    places: dict[tuple[str, ...], Place] = {}
    for module in configuration.modules():
        place = places[module.path] = place_in(module, places)
        for address, block in module.resources.items():
            if block.block in choosing:
                chosen = _chosen(block, choosing[block.block], model_of, place, problems)
                module.resources[address] = chosen
    return problems


def _chosen(
    block: ResourceBlock,
    kinds: frozenset[str],
    model_of: ModelOf,
    place: Place,
    problems: list[Diagnostic],
) -> ResourceBlock:
    """A block with the kind that its reference chooses, broken where that cannot be told."""
    choice = _choice(model_of(min(kinds)))
    if choice is None or choice[0] not in block.body.attributes:
        return block
    field, taken = choice
    found = _targets(block, field, taken, place)
    words = {_kind(block, target, kinds) for target in found}
    if len(words) > 1:
        problems.append(_not_told(block, field, found))
        return replace(block, is_broken=True)
    kind = words.pop() if words else block.kind
    if kind == block.kind and block.derived_from is not None:
        attributes = {name: item for name, item in block.body.attributes.items() if name != field}
        return replace(block, body=replace(block.body, attributes=attributes))
    return replace(block, kind=kind)


def _choice(model: type[BaseModel]) -> tuple[str, str] | None:
    """The field that chooses a block's kind, and the type of the blocks that it takes."""
    from amlplan_schemas.base import ChoosesKind, marked_fields, reference_fields

    found = [
        (name, reference_fields(model)[name].block) for name in marked_fields(model, ChoosesKind)
    ]
    return found[0] if found else None


def _targets(
    block: ResourceBlock, field: str, taken: str, place: Place
) -> list[ResourceBlock | None]:
    """What a field may refer to, None where it may be null."""
    each = block.body.attributes.get("for_each")
    here = replace(place, each=None if each is None else each.expression)
    found = dict.fromkeys(blocks_of(block.body.attributes[field].expression, here))
    return [item for item in found if item is None or item.block == taken]


def _kind(block: ResourceBlock, target: ResourceBlock | None, kinds: frozenset[str]) -> str:
    """The kind of a block that refers to a target: one of that, or the one of its type."""
    chosen = block.kind if target is None else f"{block.block}{CHOSEN}{_target(target)}"
    return chosen if chosen in kinds else block.kind


def _target(block: ResourceBlock) -> str:
    """What a kind calls a target: `docker` for `compute.docker`."""
    return re.split(r"[.@]", block.kind)[-1]


def _not_told(block: ResourceBlock, field: str, found: list[ResourceBlock | None]) -> Diagnostic:
    names = ", ".join("null" if item is None else f"{item.address} ({item.kind})" for item in found)
    return error(
        "kind_not_told",
        "Kind of the block cannot be told",
        f'The argument "{field}" decides what provider the block has, before anything has a value, '
        f"and it may be any of: {names}. Write a block for each kind of target, with count or "
        "enabled to say which of them there is.",
        argument_range(block, (field,)),
        context=block.context,
        address=block.address,
    )
