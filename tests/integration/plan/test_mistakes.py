"""Plans that were wrong once: each would lose something, or do what it does not list."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

from amlplan_state.local import LocalBackend
from kill.course import thing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan_schemas.state import State
    from harness.project import Project

APPLY = ("apply", "-auto-approve", "-parallelism=1")
SECRET = "canary-of-an-import"


def first(name: str, kind: str = "thing", **arguments: str) -> str:
    """A block that is replaced by making the new object first."""
    lines = "".join(f"  {key} = {value}\n" for key, value in arguments.items())
    cycle = "  lifecycle {\n    create_before_destroy = true\n  }\n"
    return f'bench "{kind}" "{name}" {{\n{lines}{cycle}}}\n'


def gadget(name: str, on: str, **arguments: str) -> str:
    lines = "".join(f"  {key} = {value}\n" for key, value in arguments.items())
    return f'bench "gadget" "{name}" {{\n  on = {on}\n{lines}}}\n'


def state_of(project: Project) -> State:
    state = LocalBackend(project.root, {}, "0").reader().read()
    assert state is not None
    return state


def alive(project: Project) -> list[str]:
    """The objects that are there, as `a/1`."""
    names = [item["identity"].split("/", 1)[1] for item in World(project.world).alive()]
    return sorted(name.removeprefix("bench.") for name in names)


def lose_state(project: Project) -> None:
    for path in project.root.glob("amlplan.state.json*"):
        path.rename(project.root.parent / path.name)


def written(project: Project) -> Iterator[bytes]:
    for path in project.root.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


@pytest.mark.parametrize("now", [SECRET, "another-canary"])
def test_an_import_writes_no_secret(project: Project, now: str) -> None:
    project.environment["TOKEN"] = SECRET
    project.hcl(thing("a").replace("}", '  value = env_secret("TOKEN")\n}'))
    project.run(*APPLY)
    [item] = World(project.world).alive()
    lose_state(project)
    project.environment["TOKEN"] = now
    import_block = f'import {{\n  to = bench.a\n  id = "{item["name"]}"\n}}\n'
    project.write("import.hcl", import_block)
    shown = project.run("plan", "-out=it").all + project.run("show", "-json", "it").all
    (project.root / "import.hcl").unlink()
    shown += project.run("import", "bench.a", item["name"]).all
    for canary in (SECRET, now):
        assert canary not in shown
        assert not any(canary.encode() in text for text in written(project))
    plan = project.run("plan").out
    assert ("No changes." in plan) is (now == SECRET)


def standing(project: Project) -> None:
    """A replaced object that another one stands on, which could not be replaced."""
    project.hcl(first("a") + gadget("b", "bench.a", fail='"delete"'))
    project.run(*APPLY)
    project.hcl(first("a", shape='"square"') + gadget("b", "bench.a", fail='"delete"'))
    project.run(*APPLY, code=12)
    assert alive(project) == ["a/1", "a/3", "b/1"]


def test_what_something_still_stands_on_is_not_removed(project: Project) -> None:
    standing(project)
    World(project.world).silence("bench.b")
    result = project.run(*APPLY, code=12)
    assert "bench.b still stands on it" in result.out
    for option in ("-target=bench.a", "-exclude=bench.b"):
        assert "to destroy" not in project.run("plan", option).out.replace("0 to destroy", "")
    World(project.world).answer()
    assert alive(project) == ["a/1", "a/3", "b/1"]


def test_a_target_deletes_nothing_that_does_not_answer(project: Project) -> None:
    project.hcl(thing("a") + gadget("b", "bench.a"))
    project.run(*APPLY)
    project.hcl("")
    World(project.world).silence("bench.b")
    for options in (("-target=bench.a",), ("-destroy", "-target=bench.a")):
        plan = project.run("plan", *options).out
        assert "will be destroyed" not in plan
        assert "bench.b" in plan


def test_a_refresh_forgets_no_replaced_object(project: Project) -> None:
    project.hcl(first("a", fail='"delete"'))
    project.run(*APPLY)
    project.hcl(first("a", shape='"square"'))
    project.run(*APPLY, code=12)
    world = World(project.world)
    [new] = [item for item in world.alive() if item["identity"].endswith("/3")]
    world.remove(new["identity"])
    plan = project.run("plan", "-refresh=only").out
    assert "what it replaced still has to be deleted" in plan
    project.run(*APPLY, "-refresh=only", code=12)
    assert [item.generation for item in state_of(project).records["bench.a"].deposed] == [1]


def test_forgetting_says_what_goes_with_it(project: Project) -> None:
    project.hcl(first("a", fail='"delete"'))
    project.run(*APPLY)
    project.hcl(first("a", shape='"square"'))
    project.run(*APPLY, code=12)
    assert "and with it its replaced object 1" in project.run("plan", "-forget=bench.a").out


def interrupted(project: Project, *arguments: str) -> None:
    """Kill an apply in the middle of a long create."""
    with subprocess.Popen(
        project.command("apply", "-auto-approve", *arguments),
        cwd=project.root,
        env=project.process_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 30
        while not _has_pending(project):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)


def _has_pending(project: Project) -> bool:
    state = LocalBackend(project.root, {}, "0").reader().read()
    return state is not None and bool(state.pending)


def test_what_nobody_can_tell_of_is_neither_forgotten_nor_taken_for_nothing(
    project: Project,
) -> None:
    project.hcl(first("a"))
    project.run(*APPLY)
    project.hcl(first("a", shape='"square"', seconds="60", steps="1"))
    interrupted(project)
    World(project.world).silence()
    result = project.run(*APPLY, "-forget=bench.a", code=12)
    assert "an interrupted operation cannot be settled" in result.out
    assert state_of(project).pending
    assert "cannot be settled" in project.run("plan", "-refresh=only").out
    World(project.world).answer()
    project.hcl(first("a", shape='"square"', steps="1"))
    project.apply()
    assert alive(project) == ["a/3"]


def test_forgetting_an_imported_object_makes_another(project: Project) -> None:
    World(project.world).put("theirs/bench.x/1", {"value": "", "weight": 1, "complete": True}, "x")
    project.hcl(thing("a") + 'import {\n  to = bench.a\n  id = "x"\n}\n')
    project.run(*APPLY)
    result = project.run(*APPLY, "-forget=bench.a")
    assert "1 added, 0 changed, 0 destroyed" in result.out
    assert "No changes." in project.run("plan").out
    assert len(World(project.world).alive()) == 2


def test_what_is_made_first_may_lean_on_what_goes(project: Project) -> None:
    project.hcl(thing("a") + first("b", needs="[bench.a.id]"))
    project.run(*APPLY)
    c = 'bench "thing" "c" {\n  needs = [bench.a.id]\n}\n'
    b = first("b", needs="[bench.c.id]", shape='"square"')
    project.hcl(thing("a", shape="square") + c + b)
    project.run(*APPLY)
    assert "No changes." in project.run("plan").out
    assert alive(project) == ["a/3", "b/3", "c/3"]


def test_two_that_are_made_first_may_turn_round(project: Project) -> None:
    project.hcl(thing("e") + 'bench "thing" "a" {\n  needs = [bench.e.id]\n}\n')
    project.run(*APPLY)
    project.hcl(first("a", shape='"square"') + first("e", shape='"square"', needs="[bench.a.id]"))
    project.run(*APPLY)
    assert "No changes." in project.run("plan").out
    assert alive(project) == ["a/3", "e/3"]


def test_what_is_ignored_is_no_obstacle_to_making_first(project: Project) -> None:
    def text(value: str, shape: str) -> str:
        cycle = "create_before_destroy = true\n    ignore_changes = [value]"
        block = first("a", value=f'"{value}"', shape=f'"{shape}"')
        return block.replace("create_before_destroy = true", cycle)

    project.hcl(text("1", "round"))
    project.run(*APPLY)
    project.hcl(text("2", "square"))
    project.run(*APPLY)
    assert "No changes." in project.run("plan").out


def test_dependants_go_before_what_is_let_go_of(project: Project) -> None:
    project.hcl('workspace "lab" {}\nmodel "m" {\n  source = "m.bin"\n}\n')
    project.write("m.bin", "one")
    project.run(*APPLY)
    project.hcl("removed {\n  from = workspace.lab\n  lifecycle {\n    destroy = false\n  }\n}\n")
    project.run(*APPLY)
    assert state_of(project).records == {}


def test_models_of_a_forgotten_workspace_are_made_in_the_next(project: Project) -> None:
    project.hcl('workspace "lab" {}\nmodel "m" {\n  source = "m.bin"\n}\n')
    project.write("m.bin", "one")
    project.run(*APPLY)
    project.run(*APPLY, "-forget=workspace.lab")
    assert "No changes." in project.run("plan").out


def test_models_of_a_vanished_workspace_are_made_in_the_next(project: Project) -> None:
    project.hcl('workspace "lab" {}\nmodel "m" {\n  source = "m.bin"\n}\n')
    project.write("m.bin", "one")
    project.run(*APPLY)
    [folder] = (project.data / "workspaces").iterdir()
    folder.rename(project.root.parent / "taken-away")
    project.run(*APPLY, "-exclude=model.m")
    project.run(*APPLY)
    assert "No changes." in project.run("plan").out
    project.run("destroy", "-auto-approve")


def test_what_is_seen_may_touch_more(project: Project) -> None:
    project.hcl(thing("a", value="1") + gadget("b", "bench.a"))
    project.run(*APPLY)
    world = World(project.world)
    [item] = [item for item in world.alive() if "/bench.a/" in item["identity"]]
    world.remove(item["identity"])
    world.silence("bench.b")
    project.hcl(thing("a", value="2") + gadget("b", "bench.a"))
    plan = project.run("plan", "-refresh=changed").out
    assert "-/+ bench.b" not in plan
    assert "bench.b: the world does not answer" in plan


def test_damage_is_not_taken_over(project: Project) -> None:
    project.hcl(thing("a"))
    project.run(*APPLY)
    world = World(project.world)
    [item] = world.alive()
    world.put(item["identity"], {**item, "weight": 2})
    project.run(*APPLY, "-refresh=only")
    assert "Plan: 0 to add, 1 to change" in project.run("plan").out


def test_checks_see_what_is_left_out_as_it_was_applied(project: Project) -> None:
    check = 'check "c" {\n  severity = "error"\n  assert {\n    condition = bench.a.value == "1"\n'
    check += '    error_message = "a is not 1"\n  }\n}\n'
    project.hcl(thing("a", value="1") + check)
    project.run(*APPLY)
    project.hcl(thing("a", value="2") + check)
    project.run("plan", code=10)
    assert "nothing is left to plan" in project.run("plan", "-exclude=bench.a").out


def test_a_replacement_that_failed_is_tried_again(project: Project) -> None:
    triggered = (
        'bench "thing" "t" {{\n{}  lifecycle {{\n    replace_triggered_by = [bench.a.value]\n'
    )
    triggered += "  }}\n}}\n"
    failing = triggered.format('  fail = "delete"\n')
    project.hcl(thing("a", value="1") + failing)
    project.run(*APPLY)
    project.hcl(thing("a", value="2") + failing)
    project.run(*APPLY, code=12)
    assert "-/+ bench.t" in project.run("plan").out


def test_outputs_go_with_what_they_are_made_from(project: Project) -> None:
    outputs = 'output "fixed" {\n  value = "const"\n}\noutput "a" {\n  value = bench.a.id\n}\n'
    project.hcl(thing("a") + thing("b") + outputs)
    project.run(*APPLY)
    plan = project.run("plan", "-destroy", "-target=bench.a").out
    assert "- a" in plan
    project.run("destroy", "-auto-approve", "-target=bench.a")
    assert set(state_of(project).outputs) == {"fixed"}
    World(project.world).silence()
    project.run("destroy", "-auto-approve", code=12)
    assert set(state_of(project).outputs) == {"fixed"}


def test_gates_are_closed_for_saved_plans_too(project: Project) -> None:
    project.hcl(thing("a"))
    project.run(*APPLY)
    project.hcl("")
    project.run("plan", "-out=it")
    project.run("apply", "-fail-on=destroy", "it", code=13)
    assert alive(project) == ["a/1"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("-fail-on=check", "-fail-on=replace"), 13),
        (("-fail-on=replace", "-fail-on=check"), 13),
        (("-fail-on=destroy",), 13),
        (("-fail-on=check",), 0),
        (("-fail-on=",), 1),
        (("-fail-on=everything",), 1),
    ],
)
def test_gates_add_up(project: Project, options: tuple[str, ...], code: int) -> None:
    project.hcl(thing("a"))
    project.run(*APPLY)
    project.hcl(thing("a", shape="square"))
    project.run("plan", *options, code=code)


def test_a_refreshed_secret_is_shown_as_it_is(project: Project) -> None:
    project.environment["TOKEN"] = SECRET
    block = (
        'bench "thing" "a" {\n  value = "1"\n  options = {\n    t = env_secret("TOKEN")\n  }\n}\n'
    )
    project.hcl(block)
    project.run(*APPLY)
    world = World(project.world)
    [item] = world.alive()
    world.put(item["identity"], {**item, "value": "2"})
    plan = project.run("plan", "-refresh=only").out
    assert "- options" not in plan
    assert "-> null" not in plan


@pytest.mark.parametrize(
    "name",
    ["amlplan.state.json", "amlplan.state.json.journal", "main.hcl", "amlplan.lock", "x.amlvars"],
)
def test_nothing_is_written_over_a_projects_own_files(project: Project, name: str) -> None:
    project.hcl(thing("a"))
    project.run(*APPLY)
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    for option in ("-out", "-json-into", "-markdown", "-junit", "-sarif", "-gitlab-report"):
        project.run("plan", f"{option}={name}", code=1)
    project.run("drift", f"-markdown={name}", code=1)
    assert {path: path.read_bytes() for path in before} == before


def test_what_is_left_out_may_be_begun_only(project: Project) -> None:
    output = 'output "a" {\n value = bench.a[*].id\n}\n'
    project.hcl(thing("a", steps=2, fail="step0") + output)
    project.run("apply", "-auto-approve", code=12)
    project.hcl(thing("a", steps=2) + thing("b") + output)
    project.run("apply", "-auto-approve", "-exclude=bench.a")
    assert set(state_of(project).records) == {"bench.a", "bench.b"}
    project.apply()


def test_an_import_is_told_to_programs_too(project: Project) -> None:
    World(project.world).put("theirs/bench.x/1", {"value": "", "weight": 1, "complete": True}, "x")
    project.hcl(thing("a"))
    told = project.run("import", "-json", "bench.a", "x").out.splitlines()
    lines = [json.loads(line) for line in told]
    assert lines[0]["type"] == "version"
    summaries = [line["changes"]["import"] for line in lines if line["type"] == "change_summary"]
    assert set(summaries) == {1}
    refused = project.run("import", "-json", "bench.a", "x", code=10).out.splitlines()
    assert json.loads(refused[-1])["type"] == "diagnostic"
