"""Replacements that make the new object first: what is there after each thing that goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

from amlplan_state.local import LocalBackend
from kill.course import thing

if TYPE_CHECKING:
    from amlplan_schemas.state import State
    from harness.project import Project

APPLY = ("apply", "-auto-approve", "-parallelism=1")
FIRST = "lifecycle {\n create_before_destroy = true\n}\n"


def block(name: str, kind: str = "thing", **arguments: str) -> str:
    """A block that is replaced by making the new object first."""
    lines = "".join(f"  {key} = {value}\n" for key, value in arguments.items())
    return f'bench "{kind}" "{name}" {{\n{lines}{FIRST}}}\n'


def state_of(project: Project) -> State:
    state = LocalBackend(project.root, {}, "0").reader().read()
    assert state is not None
    return state


def ledger(project: Project) -> list[str]:
    """What was made and removed, as `create a/1`."""
    found = []
    for line in World(project.world).notes():
        word, _, identity = line.partition(" ")
        _, address, generation = identity.split("/")
        found.append(f"{word} {address.removeprefix('bench.')}/{generation}")
    return found


def test_the_old_object_goes_when_nothing_leans_on_it_any_more(project: Project) -> None:
    leans = 'bench "thing" "leans" {\n value = bench.a.id\n}\n'
    project.hcl(block("a") + leans)
    project.apply("-parallelism=1")
    project.hcl(block("a", shape='"square"') + leans)
    result = project.apply("-parallelism=1")
    assert "1 added, 1 changed, 1 destroyed" in result.out
    assert ledger(project) == ["create a/1", "create leans/1", "create a/3", "delete a/1"]
    assert state_of(project).records["bench.a"].deposed == ()


def test_what_carries_it_is_made_first_too(project: Project) -> None:
    def texts(shape: str) -> str:
        return thing("low", shape=shape) + block("high", needs="[bench.low.id]", shape=f'"{shape}"')

    project.hcl(texts("round"))
    project.apply("-parallelism=1")
    project.hcl(texts("square"))
    plan = project.run("plan").out
    assert "+/- bench.low" in plan
    assert "+/- bench.high" in plan
    project.apply("-parallelism=1")
    assert ledger(project)[2:] == ["create low/3", "create high/3", "delete high/1", "delete low/1"]


@pytest.mark.parametrize("moment", ["before", "crash before"])
def test_a_create_that_fails_leaves_the_old_object_as_it_was(project: Project, moment: str) -> None:
    project.hcl(block("a"))
    project.apply()
    before = state_of(project).records
    project.hcl(block("a", shape='"square"', fail=f'"{moment}"'))
    project.run(*APPLY, code=12)
    assert state_of(project).records == before
    project.hcl(block("a", shape='"square"'))
    project.apply()
    assert len(World(project.world).alive()) == 1


def test_a_new_object_that_is_tainted_keeps_the_old_one_until_it_is_replaced(
    project: Project,
) -> None:
    project.hcl(block("a"))
    project.apply()
    project.hcl(block("a", shape='"square"', fail='"after"'))
    project.run(*APPLY, code=12)
    record = state_of(project).records["bench.a"]
    assert (record.status, [item.generation for item in record.deposed]) == ("tainted", [1])
    assert len(World(project.world).alive()) == 2
    project.hcl(block("a", shape='"square"'))
    project.apply()
    assert len(World(project.world).alive()) == 1


def test_a_half_made_new_object_goes_on_and_the_old_one_goes(project: Project) -> None:
    project.hcl(block("a"))
    project.apply()
    project.hcl(block("a", shape='"square"', steps="2", fail='"step0"'))
    project.run(*APPLY, code=12)
    record = state_of(project).records["bench.a"]
    assert (record.status, set(record.steps)) == ("incomplete", {"step0"})
    assert [item.generation for item in record.deposed] == [1]
    project.hcl(block("a", shape='"square"', steps="2"))
    project.apply()
    assert ledger(project).count("create a/3") == 1
    assert [item["identity"][-4:] for item in World(project.world).alive()] == [".a/3"]


def test_an_old_object_that_cannot_be_deleted_is_listed_until_it_is(project: Project) -> None:
    project.hcl(block("a", fail='"delete"'))
    project.apply()
    project.hcl(block("a", shape='"square"'))
    project.run(*APPLY, code=12)
    record = state_of(project).records["bench.a"]
    assert (record.status, record.generation) == ("ok", 3)
    assert [item.generation for item in record.deposed] == [1]
    assert "bench.a (replaced object 1) will be destroyed" in project.run("plan").out
    world = World(project.world)
    for item in world.alive():
        if item["identity"].endswith("/1"):
            world.remove(item["identity"])
    assert "1 to destroy" in project.run("plan").out


def test_old_objects_go_with_the_block(project: Project) -> None:
    project.hcl(block("a", fail='"delete"'))
    project.apply()
    project.hcl(block("a", shape='"square"'))
    project.run(*APPLY, code=12)
    project.hcl("")
    result = project.run(*APPLY, code=12)
    assert "Told to fail" in result.err
    assert state_of(project).records["bench.a"].generation == 3, "it carries what is still there"


def test_an_old_object_that_does_not_answer_blocks_its_address_only(project: Project) -> None:
    project.hcl(block("a", fail='"delete"') + block("b"))
    project.apply()
    project.hcl(block("a", shape='"square"') + block("b"))
    project.run(*APPLY, code=12)
    World(project.world).silence("bench.a")
    project.hcl(block("a", shape='"square"', value='"new"') + block("b", value='"new"'))
    plan = project.run("plan").out
    assert "bench.a: its replaced object 1" in plan or "bench.a: the world" in plan
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in plan


def test_another_kind_makes_the_new_object_before_the_old_one_goes(project: Project) -> None:
    leans = 'bench "gadget" "leans" {\n on = bench.a\n}\n'
    project.hcl(thing("a") + leans)
    project.apply("-parallelism=1")
    project.hcl('bench "gadget" "a" {}\n' + leans)
    project.apply("-parallelism=1")
    assert ledger(project)[2:] == ["create a/3", "delete leans/1", "create leans/3", "delete a/1"]


def test_protected_objects_are_not_replaced_this_way_either(project: Project) -> None:
    protected = FIRST.replace("true", "true\n prevent_destroy = true")
    project.hcl(f'bench "thing" "a" {{\n{protected}}}\n')
    project.apply()
    project.hcl(f'bench "thing" "a" {{\n shape = "square"\n{protected}}}\n')
    assert "prevent_destroy protects it" in project.run("plan").out


def test_nothing_of_the_old_object_stays_with_the_new_one(project: Project) -> None:
    ignores = FIRST.replace("true", "true\n ignore_changes = [value]")
    project.hcl('bench "thing" "a" {\n value = "old"\n}\n')
    project.apply()
    # It moves to bench.a[0], whose name another object than the first would have.
    project.hcl(
        f'bench "thing" "a" {{\n count = 1\n value = "new"\n shape = "square"\n{ignores}}}\n'
    )
    project.apply()
    record = state_of(project).records["bench.a[0]"]
    assert (record.name, record.inputs.values["value"]) == ("a-0", "new")
