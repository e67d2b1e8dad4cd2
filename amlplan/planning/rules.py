"""Rules over all resources at once: names are unique, defaults are single."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan.config.locate import argument_range
from amlplan.diagnostics import Diagnostic, SourceRange, error
from amlplan_schemas.base import reference_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amlplan.planning.want import Wanted
    from amlplan.provider import Kinds


def broken_rules(wanted: Mapping[str, Wanted], registry: Kinds) -> list[Diagnostic]:
    """What is right in each block by itself and wrong between them."""
    return [
        *_equal_names(wanted, registry),
        *_two_defaults(wanted),
        *_across_workspaces(wanted),
    ]


def _container(item: Wanted, registry: Kinds) -> str:
    """The block whose names must differ: the workspace or target that an item belongs to."""
    for field in reference_fields(registry.inputs_of(item.block.kind)):
        value = item.checked.values.get(field)
        if isinstance(value, dict):
            return str(value["address"])
    return ""


def _line(place: SourceRange) -> str:
    return f"{place.source.filename}:{place.position_of(place.start).line}"


def _equal_names(wanted: Mapping[str, Wanted], registry: Kinds) -> Iterator[Diagnostic]:
    first: dict[tuple[str, str, str], Wanted] = {}
    for item in wanted.values():
        if "name" in item.draft.unknown:
            continue
        key = (_container(item, registry), item.block.block, item.draft.name)
        earlier = first.setdefault(key, item)
        if earlier is not item:
            where = f" in {key[0]}" if key[0] else ""
            yield error(
                "duplicate_name",
                "Duplicate name",
                f'{earlier.block.address} ({_line(earlier.block.header)}) is called "{key[2]}" '
                f"outside too{where}. Give one of them another `name`.",
                argument_range(item.block, ("name",)),
                context=item.block.context,
                address=item.block.address,
            )


def _two_defaults(wanted: Mapping[str, Wanted]) -> Iterator[Diagnostic]:
    first: dict[tuple[str, str], Wanted] = {}
    for item in wanted.values():
        if item.checked.values.get("default") is not True:
            continue
        workspace = item.checked.values.get("workspace")
        container = str(workspace["address"]) if isinstance(workspace, dict) else ""
        earlier = first.setdefault((item.block.block, container), item)
        if earlier is not item:
            yield error(
                "two_defaults",
                "Two defaults",
                f"{earlier.block.address} ({_line(earlier.block.header)}) is the default "
                f"{item.block.block} already. Take `default = true` from one of them.",
                argument_range(item.block, ("default",)),
                context=item.block.context,
                address=item.block.address,
            )


def _across_workspaces(wanted: Mapping[str, Wanted]) -> Iterator[Diagnostic]:
    """References to what belongs to another workspace: only `registered` takes from there."""
    for item in wanted.values():
        mine = _workspace_of(item)
        for way, reference in item.checked.referred.items():
            other = wanted.get(reference.address)
            theirs = None if other is None else _workspace_of(other)
            if mine is None or theirs in (None, mine):
                continue
            yield error(
                "across_workspaces",
                "Reference across workspaces",
                f"{reference.address} belongs to {theirs}, and {item.block.address} to {mine}. "
                "What is taken from another workspace is taken by a model with registered { … }.",
                argument_range(item.block, tuple(way.split("."))),
                context=item.block.context,
                address=item.block.address,
            )


def _workspace_of(item: Wanted) -> str | None:
    workspace = item.checked.values.get("workspace")
    return str(workspace["address"]) if isinstance(workspace, dict) else None
