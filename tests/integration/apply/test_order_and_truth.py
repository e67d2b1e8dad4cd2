"""Plans that are hard to carry out in the right order, and what apply must not do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from amlplan_bench.thing import BenchThing
from amlplan_bench.world import World

from amlplan_schemas.state import State

if TYPE_CHECKING:
    import pytest

    from harness.project import Project

CANARY = "zebra-99-crossing"


def thing(label: str, **arguments: str) -> str:
    lines = "".join(f"  {name} = {value}\n" for name, value in arguments.items())
    return f'bench "thing" "{label}" {{\n{lines}}}\n'


def state_of(project: Project) -> State:
    return State.model_validate_json((project.root / "amlplan.state.json").read_text())


def test_an_intermediate_goes_while_its_base_is_replaced(project: Project) -> None:
    project.hcl(
        thing("y", shape='"a"') + thing("x", value="bench.y.id") + thing("z", value="bench.x.id")
    )
    project.apply()
    project.hcl(thing("y", shape='"b"') + thing("z", value="bench.y.id"))
    result = project.apply()
    assert "Resources: 1 added, 1 changed, 2 destroyed." in result.out


def test_an_update_lets_go_before_the_deletion(project: Project) -> None:
    project.hcl(thing("base") + thing("top", value="bench.base.id"))
    project.apply()
    project.hcl(thing("top", value='"alone"'))
    out = project.apply().out
    assert out.index("bench.top: Modifications complete") < out.index("bench.base: Destroying")


def test_steps_towards_something_else_are_done_again(project: Project) -> None:
    project.hcl(thing("a", value='"v1"', steps="2"))
    project.apply()
    project.hcl(thing("a", value='"v2"', steps="2", fail='"after"'))
    project.run("apply", "-auto-approve", code=12)
    before = len(World(project.world).notes())
    project.hcl(thing("a", value='"v1"', steps="2"))
    project.apply()
    assert [note.split()[0] for note in World(project.world).notes()[before:]] == [
        "step0",
        "step1",
    ]


def test_a_saved_plan_keeps_fractions(project: Project) -> None:
    project.hcl('variable "f" {\n  type = number\n}\n' + thing("a", value='"${var.f * 3}"'))
    project.run("plan", "-var=f=0.1", "-out=it.plan")
    project.run("apply", "it.plan")
    assert state_of(project).records["bench.a"].inputs.values["value"] == "0.3"
    refused = project.run("apply", "-var=f=0.2", "it.plan", code=1)
    assert "The plan has its variables" in refused.err


def test_a_saved_plan_is_bound_to_outputs(project: Project) -> None:
    project.write("v", "one")
    project.hcl(thing("a") + 'output "o" {\n  value = file("v")\n}\n')
    project.run("plan", "-out=it.plan")
    project.write("v", "two")
    assert "output" in project.run("apply", "it.plan", code=16).err


def test_a_new_dependency_is_recorded_without_an_operation(project: Project) -> None:
    project.hcl(thing("a") + thing("b"))
    project.apply()
    project.hcl(thing("a") + thing("b", depends_on="[bench.a]"))
    assert "No changes." in project.run("apply", "-auto-approve").out
    assert state_of(project).records["bench.b"].depends_on == ("bench.a",)


def test_outputs_of_what_failed_keep_their_value(project: Project) -> None:
    output = 'output "o" {\n  value = bench.a.value\n}\n'
    project.hcl(thing("a", value='"v1"') + output)
    project.apply()
    project.hcl(thing("a", value='"v2"', fail='"before"') + output)
    project.run("apply", "-auto-approve", code=12)
    assert state_of(project).outputs["o"].value == "v1"


def test_nothing_is_replaced_under_an_object_that_cannot_move(project: Project) -> None:
    project.hcl(thing("base", shape='"a"') + thing("top", value="bench.base.id"))
    project.apply()
    world = World(project.world)
    project.hcl(thing("base", shape='"b"') + thing("top", value="bench.base.id"))
    world.silence("bench.top")
    result = project.run("apply", "-auto-approve", code=12)
    assert "Blocked: bench.top, bench.base." in result.err
    world.answer()
    project.apply()


def test_an_output_that_echoes_a_secret_is_masked(project: Project) -> None:
    project.environment["TOKEN"] = CANARY
    project.hcl(thing("a", value='env_secret("TOKEN")'))
    result = project.run("apply", "-auto-approve")
    state = (project.root / "amlplan.state.json").read_text()
    assert CANARY not in state + result.all
    assert state_of(project).records["bench.a"].outputs.values["echo"] == "(sensitive value)"


def test_required_version_holds_for_destroy(project: Project) -> None:
    project.hcl(thing("a"))
    project.apply()
    project.hcl('amlplan {\n  required_version = ">= 9"\n}\n' + thing("a"))
    project.run("destroy", "-auto-approve", code=10)
    assert World(project.world).objects()


def test_a_provider_that_breaks_while_reading_is_explained(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.hcl(thing("a"))
    project.apply()

    def broken(*_arguments: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(BenchThing, "read", broken)
    result = project.run("plan", code=12)
    assert "The provider failed unexpectedly" in result.err
    assert "bench.a" in result.err
