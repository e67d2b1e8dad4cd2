"""Options that narrow or widen a plan: what they leave alone, and that saved plans keep them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

from amlplan_state.local import LocalBackend
from kill.course import thing

if TYPE_CHECKING:
    from amlplan_schemas.state import State
    from harness.project import Project

APPLY = ("apply", "-auto-approve", "-parallelism=1")
ROW = thing("low") + 'bench "thing" "mid" {\n value = bench.low.id\n}\n'
ROW += 'bench "thing" "high" {\n value = bench.mid.id\n}\n' + thing("apart")


def state_of(project: Project) -> State:
    state = LocalBackend(project.root, {}, "0").reader().read()
    assert state is not None
    return state


def test_a_target_comes_with_what_it_needs_and_no_more(project: Project) -> None:
    project.hcl(ROW)
    project.run(*APPLY, "-target=bench.mid")
    assert set(state_of(project).records) == {"bench.low", "bench.mid"}
    project.apply()


def test_excluded_is_what_needs_it_too(project: Project) -> None:
    project.hcl(ROW)
    project.run(*APPLY, "-exclude=bench.mid")
    assert set(state_of(project).records) == {"bench.low", "bench.apart"}
    assert "No changes." in project.run("plan", "-exclude=bench.mid").out


def test_deletes_are_narrowed_too(project: Project) -> None:
    project.hcl(ROW)
    project.apply()
    project.hcl("")
    assert "0 to add, 0 to change, 1 to destroy" in project.run("plan", "-target=bench.apart").out
    assert "0 to add, 0 to change, 3 to destroy" in project.run("plan", "-exclude=bench.low").out
    project.run(*APPLY, "-exclude=bench.mid")
    assert set(state_of(project).records) == {"bench.low", "bench.mid"}


def test_what_others_stand_on_is_not_replaced_without_them(project: Project) -> None:
    project.hcl(ROW)
    project.apply()
    plan = project.run("plan", "-target=bench.low", "-replace=bench.low").out
    assert "bench.mid needs it, and the options leave that out of this plan" in plan


def test_modules_can_be_targets(project: Project) -> None:
    names = 'variable "of" {}\nbench "thing" "a" {\n name = "a${var.of}"\n}\n'
    both = names + names.partition("\n")[2].replace('"a', '"b')
    project.write("inner/main.hcl", both)
    call = 'module "m" {\n source = "./inner"\n count = 2\n of = count.index\n}\n'
    project.hcl(call + thing("c"))
    project.run(*APPLY, "-target=module.m[1]")
    assert set(state_of(project).records) == {"module.m[1].bench.a", "module.m[1].bench.b"}
    project.run(*APPLY, "-target=module.m")
    assert len(state_of(project).records) == 4


def test_a_mistake_elsewhere_does_not_keep_a_target_from_being_applied(project: Project) -> None:
    project.hcl(thing("a") + 'bench "thing" "b" {\n value = tonumber("x")\n}\n')
    project.run("plan", code=10)
    project.run(*APPLY, "-target=bench.a")
    assert set(state_of(project).records) == {"bench.a"}


def test_outputs_of_what_is_left_out_stay(project: Project) -> None:
    outputs = 'output "a" {\n value = bench.a.echo\n}\noutput "b" {\n value = bench.b.echo\n}\n'
    project.hcl(thing("a", value="1") + thing("b", value="1") + outputs)
    project.apply()
    project.hcl(thing("a", value="2") + thing("b", value="2") + outputs)
    project.run(*APPLY, "-target=bench.a")
    values = {name: item.value for name, item in state_of(project).outputs.items()}
    assert values == {"a": "2", "b": "1"}


def test_a_saved_plan_keeps_its_options(project: Project) -> None:
    project.hcl(ROW)
    project.apply()
    project.run("plan", "-out=it", "-replace=bench.apart", "-target=bench.apart")
    project.run("apply", "-replace=bench.low", "it", code=1)
    project.run("apply", "it")
    made = [line for line in World(project.world).notes() if line.startswith("create")]
    assert [line.split("/")[1] for line in made].count("bench.apart") == 2
    assert len(made) == 5
    project.run("apply", "it")  # it was carried out: nothing of it is left


def test_a_saved_refresh_is_refused_where_the_object_changed_again(project: Project) -> None:
    project.hcl(thing("a", value="1"))
    project.apply()
    world = World(project.world)
    [item] = world.alive()
    world.put(item["identity"], {**item, "value": "2"})
    project.run("plan", "-refresh=only", "-out=it")
    world.put(item["identity"], {**item, "value": "3"})
    project.run("apply", "it", code=16)
    assert state_of(project).records["bench.a"].inputs.values["value"] == "1"


def test_only_what_the_configuration_changes_is_looked_at(project: Project) -> None:
    project.hcl(thing("a", value="1") + thing("b", value="1"))
    project.apply()
    World(project.world).silence("bench.b")
    project.hcl(thing("a", value="2") + thing("b", value="1"))
    assert "Blocked" in project.run("plan").out
    assert "Blocked" not in project.run("plan", "-refresh=changed").out
    assert "Blocked" not in project.run("plan", "-refresh=false").out
    project.run(*APPLY, "-refresh=changed")
    assert state_of(project).records["bench.a"].inputs.values["value"] == "2"


def test_forgotten_objects_stay_and_others_take_their_place(project: Project) -> None:
    project.hcl(thing("a") + 'bench "gadget" "leans" {\n on = bench.a\n}\n')
    project.apply()
    project.run(*APPLY, "-forget=bench.a")
    identities = [item["identity"].split("/", 1)[1] for item in World(project.world).alive()]
    assert sorted(identities) == ["bench.a/1", "bench.a/3", "bench.leans/3"]
    assert "No changes." in project.run("plan").out


def test_a_forgotten_object_never_shares_its_name_with_the_next(project: Project) -> None:
    """The state's serial may be the same as when the forgotten one was made."""
    project.hcl(thing("a") + thing("b", fail="before"))
    project.run(*APPLY, code=12)
    project.hcl(thing("a") + thing("b"))
    project.run(*APPLY, "-forget=bench.a")
    assert len({item["identity"] for item in World(project.world).alive()}) == 3


@pytest.mark.parametrize("option", ["target", "exclude", "replace", "forget", "accept-identity"])
def test_options_that_name_nothing_are_mistakes(project: Project, option: str) -> None:
    project.hcl(thing("alpha"))
    project.apply()
    result = project.run("plan", f"-{option}=bench.alpa", code=10)
    assert 'Did you mean "bench.alpha"?' in result.err
    result = project.run("plan", f"-{option}=bench.alpha[3]", code=10)
    assert "names nothing" in result.err


def test_an_object_that_may_be_forgotten_only_by_name_is_not_deleted(project: Project) -> None:
    project.hcl(thing("a") + thing("b"))
    project.apply()
    project.hcl(thing("b"))
    result = project.run(*APPLY, "-forget=bench.a")
    assert "0 added, 0 changed, 0 destroyed" in result.out
    assert len(World(project.world).alive()) == 2
    assert set(state_of(project).records) == {"bench.b"}


def test_identities_are_accepted_of_kinds_that_have_one(project: Project) -> None:
    project.hcl(thing("a"))
    project.apply()
    assert "No identity to accept" in project.run("plan", "-accept-identity=bench.a", code=1).err


def test_a_saved_plan_with_any_byte_changed_is_refused(project: Project) -> None:
    project.hcl(thing("a", value="old"))
    project.run("plan", "-out=it")
    whole = (project.root / "it").read_bytes()
    chance = random.Random(5)
    for _ in range(60):
        place = chance.randrange(len(whole))
        other = bytes([whole[place] ^ (1 << chance.randrange(7))])
        changed = whole[:place] + other + whole[place + 1 :]
        if changed.split() != whole.split():  # space between values says nothing
            (project.root / "it").write_bytes(changed)
            project.run("apply", "it", code=16)
    assert not (project.root / "amlplan.state.json").exists()
    (project.root / "it").write_bytes(whole)
    project.run("apply", "it")
