"""Random graphs that change in every way at once: each apply goes through and leaves nothing."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

if TYPE_CHECKING:
    from harness.project import Project

NAMES = "abcdef"


def blocks(chance: Random, names: list[str]) -> str:
    """Blocks that lean on those before them: some of another kind than before, some made first."""
    text = ""
    there: list[str] = []
    for name in names:
        if chance.random() < 0.2:
            continue
        lines = [f'shape = "{chance.choice("pq")}"', f'value = "{chance.choice("12")}"']
        kind = "gadget" if there and chance.random() < 0.5 else "thing"
        if kind == "gadget":
            lines.append(f"on = bench.{chance.choice(there)}")
        needs = [f"bench.{other}.id" for other in there if chance.random() < 0.35]
        lines.append(f"needs = [{', '.join(needs)}]")
        if chance.random() < 0.5:
            lines.append("lifecycle {\n    create_before_destroy = true\n  }")
        text += f'bench "{kind}" "{name}" {{\n  ' + "\n  ".join(lines) + "\n}\n"
        there.append(name)
    return text


@pytest.mark.parametrize("seed", range(12))
def test_any_graph_becomes_any_other(project: Project, seed: int, rounds: list[Random]) -> None:
    for source in rounds:
        chance = Random(f"{seed} {source.random()}")
        names = list(NAMES)
        for _ in range(5):
            if chance.random() < 0.4:
                chance.shuffle(names)
            text = blocks(chance, names)
            project.hcl(text)
            project.run("apply", "-auto-approve", "-parallelism=3")
            assert "No changes." in project.run("plan", "-detailed-exitcode").out, text
        alive = [item["identity"].split("/")[1] for item in World(project.world).alive()]
        assert sorted(alive) == sorted({f"bench.{name}" for name in NAMES if f'"{name}"' in text})
