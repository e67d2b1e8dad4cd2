"""Shows trees of lineage; shared by `amlplan why` and `amlplan impact`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlplan.abilities import KeepsModels
from amlplan.cli.console import Console
from amlplan.cli.run_options import opened
from amlplan.cli.style import styled
from amlplan.cli.text.json_text import json_text
from amlplan.cli.text.plots import can_show
from amlplan.cli.text.run_json import FORMAT_VERSION
from amlplan.cli.text.runs import on_one_line
from amlplan.looking.lineage.naming import DOWN, UP, label_of, node_named
from amlplan.looking.lineage.tree import tree
from amlplan.looking.lineage.world import World
from amlplan.project.folders import provider_context
from amlplan.project.workspaces import has_configuration
from amlplan.provider import has
from amlplan.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amlplan.looking.lineage.tree import Branch, Direction
    from amlplan_schemas.state import Record

MANY = 20
_LINES = "├─ ", "└─ ", "│  ", "   "
_PLAIN_LINES = "|- ", "`- ", "|  ", "   "


def show_lineage(name: str, direction: Direction, workspace: str | None, *, json: bool) -> int:
    """Print the tree of what a name means; raises AmlplanError."""
    console = Console(sys.stdout, sys.stderr)
    place = opened(console, workspace)
    models = Registry(provider_context(Path.cwd())).provider("model")
    world = World(
        place.history,
        models.models(place.folder) if has(models, KeepsModels) else {},
        _records(),
    )
    found = tree(world, node_named(world, name), direction)
    if json:
        document = {"format_version": FORMAT_VERSION, **_document(world, found)}
        console.print(json_text(document))
        return 0
    lines = [styled("bold", on_one_line(label_of(world, found.node)))]
    shapes = _LINES if can_show("├└│") else _PLAIN_LINES
    lines += _lines(world, found, UP if direction == "up" else DOWN, shapes, "")
    if not found.branches:
        what = "what it came from" if direction == "up" else "anything that came from it"
        lines.append(f"Nothing is known of {what}.")
    console.print("\n".join(lines))
    return 0


def _records() -> Mapping[str, Record]:
    if not has_configuration(Path.cwd()):
        return {}
    from amlplan.project.opening import read_state

    state = read_state()
    return {} if state is None else state.records


def _lines(
    world: World, branch: Branch, words: Mapping[str, str], shapes: Sequence[str], indent: str
) -> Iterator[str]:
    shown = branch.branches[:MANY]
    more = len(branch.branches) - len(shown)
    for number, each in enumerate(shown, start=1):
        is_last = number == len(shown) and not more
        word = words.get(each.relation, each.relation)
        again = " (see above)" if each.is_repeated else ""
        label = on_one_line(label_of(world, each.node))
        begin = shapes[1] if is_last else shapes[0]
        yield f"{indent}{begin}{styled('dim', on_one_line(word) + ':')} {label}{again}"
        inner = indent + (shapes[3] if is_last else shapes[2])
        yield from _lines(world, each, words, shapes, inner)
    if more:
        yield f"{indent}{shapes[1]}… and {more} more; -json has all"


def _document(world: World, branch: Branch) -> dict[str, Any]:
    return {
        "node": branch.node,
        "label": label_of(world, branch.node),
        "address": world.addresses.get(branch.node),
        "relation": branch.relation or None,
        "repeated": branch.is_repeated,
        "branches": [_document(world, each) for each in branch.branches],
    }
