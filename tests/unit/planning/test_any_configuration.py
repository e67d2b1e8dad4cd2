"""Whatever is configured: an apply leads there, from wherever, and nothing is left to do."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.project import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS = ["a", "b", "c", "d"]
TEXT = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x2FFF), max_size=6)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Some things, each of which may refer to those before it in a random order."""
    order = draw(st.permutations(LABELS))[: draw(st.integers(0, 4))]
    things: dict[str, dict[str, Any]] = {}
    for position, label in enumerate(order):
        earlier = st.sampled_from(["", *order[:position]])
        things[label] = {
            "value": draw(TEXT),
            "refers": draw(earlier),
            "shape": draw(st.sampled_from(["round", "square"])),
            "shape_of": draw(earlier),
            "needs": draw(st.lists(TEXT, max_size=2)),
            "options": draw(st.dictionaries(TEXT, TEXT, max_size=2)),
            "tags": draw(st.dictionaries(TEXT, TEXT, max_size=1)),
            "after": draw(earlier),
            "name": draw(st.sampled_from(["", f"{label}.other"])),
        }
    return things


def quoted(text: str) -> str:
    """The text as a string of HCL, with every character that is special as an escape."""
    inner = "".join(
        character if character.isalnum() else f"\\u{ord(character):04x}" for character in text
    )
    return f'"{inner}"'


def text_of(things: dict[str, dict[str, Any]], texts: Sequence[str] = ()) -> str:
    blocks = []
    for label, thing in things.items():
        reference = f"${{bench.{thing['refers']}.id}}" if thing["refers"] else ""
        shape = f"bench.{thing['shape_of']}.id" if thing["shape_of"] else quoted(thing["shape"])
        lines = [
            f'value = {quoted(thing["value"])[:-1]}|{reference}"',
            f"shape = {shape}",
            f"needs = [{', '.join(map(quoted, thing['needs']))}]",
            f"options = {{ {map_of(thing['options'])} }}",
            f"tags = {{ {map_of(thing['tags'])} }}",
        ]
        if thing["name"]:
            lines.append(f"name = {quoted(thing['name'])}")
        if thing["after"]:
            lines.append(f"depends_on = [bench.{thing['after']}]")
        inner = "\n".join(f"  {line}" for line in lines)
        blocks.append(f'bench "thing" "{label}" {{\n{inner}\n}}\n')
        blocks.append(f'output "{label}" {{\n  value = bench.{label}.id\n}}\n')
    return "".join(blocks)


def map_of(items: dict[str, str]) -> str:
    return ", ".join(f"({quoted(key)}) = {quoted(value)}" for key, value in items.items())


def check_world(project: Project, things: dict[str, dict[str, Any]]) -> None:
    """The world holds just the configuration's objects, each as it is configured."""
    outputs = json.loads(project.run("output", "-json").out)
    assert outputs.keys() == things.keys()
    found = {
        identity.split("/")[1].removeprefix("bench."): item["value"]
        for identity, item in World(project.world).objects().items()
    }
    assert found == {
        label: f"{thing['value']}|{outputs[thing['refers']]['value'] if thing['refers'] else ''}"
        for label, thing in things.items()
    }


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)
@given(st.lists(configurations(), min_size=2, max_size=3), st.data())
def test_apply_leads_to_the_configuration(
    steps: list[dict[str, dict[str, Any]]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "project").mkdir()
        environment = {
            "HOME": str(folder / "home"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "AMLPLAN_BENCH_WORLD": str(folder / "world"),
        }
        project = Project(folder / "project", folder / "world", environment)
        world = World(project.world)
        for things in steps:
            project.hcl(text_of(things))
            planned = project.run("plan", "-out=it.plan")
            applied = project.run("apply", "it.plan")
            assert "complete!" in applied.out
            assert planned.out.count("will be created") == applied.out.count(
                ": Creating..."
            ) - planned.out.count("must be replaced")
            assert "No changes." in project.run("plan", "-detailed-exitcode").out
            assert "No drift." in project.run("drift").out
            check_world(project, things)
            gone = data.draw(st.sampled_from([None, *sorted(world.objects())]))
            if gone is not None:
                world.remove(gone)
        project.run("apply", "-auto-approve")
        check_world(project, steps[-1])
        project.run("destroy", "-auto-approve")
        assert not world.objects()
        assert project.run("state", "list").out == ""
