"""All that plan, apply, destroy and show tell programs fits the published schemas, and is true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World

from published_schemas import document, lines, of_type

if TYPE_CHECKING:
    from harness.project import Project, Result

CANARY = "zebra-99-crossing"
MODULE = """
variable "token" {
  sensitive = true
}
variable "region" {}
bench "thing" "part" {
  name    = "part-${var.region}"
  options = { token = var.token }
}
output "id" {
  value = bench.part.id
}
"""
FIRST = """
variable "token" {
  sensitive = true
}
variable "colour" {
  default = "red"
}
workspace "main" {}
module "team" {
  for_each = toset(["eu", "us"])
  source   = "./team"
  token    = var.token
  region   = each.key
}
bench "thing" "changed" {
  value   = var.colour
  options = { token = var.token }
}
bench "thing" "each" {
  for_each = toset(["a.b", "c"])
  value    = "${bench.changed.id}/${each.key}"
  lifecycle {
    precondition {
      condition     = each.key != ""
      error_message = "No key."
    }
    postcondition {
      condition     = self.weight > 0
      error_message = "No weight."
    }
  }
}
bench "thing" "counted" {
  count = 2
}
bench "thing" "old" {}
bench "thing" "shaped" {
  tags = { stage = "prod" }
}
bench "thing" "gone" {}
bench "thing" "outside" {
  value = "as made"
}
bench "thing" "silent" {}
bench "thing" "kept" {
  lifecycle {
    prevent_destroy = true
  }
}
check "colour" {
  assert {
    condition     = bench.changed.value == "blue"
    error_message = "It is ${bench.changed.value}."
  }
}
output "colour" {
  value = bench.changed.value
  precondition {
    condition     = bench.changed.weight < 9
    error_message = "Too heavy."
  }
}
output "token" {
  value     = var.token
  sensitive = true
}
output "early" {
  value = 1
}
"""
SECOND = (
    FIRST.replace('default = "red"', 'default = "blue"')
    .replace('"a.b", ', "")
    .replace("count = 2", "count = 1")
    .replace(
        '"thing" "old" {}', '"thing" "new" {}\nmoved {\n  from = bench.old\n  to   = bench.new\n}'
    )
    .replace('bench "thing" "gone" {}\n', "")
    .replace("tags = {", 'shape = "flat"\n  tags = {')
    .replace('"kept" {', '"kept" {\n  shape = "flat"')
    .replace('output "early" {\n  value = 1\n}\n', "")
    .replace('"silent" {}', '"silent" {\n  value = "x"\n}')
    + """
model "ridge" {
  run {
    history = "fraud"
    select  = "last"
    path    = "outputs/model.pkl"
  }
}
"""
)


class Watched:
    """Runs commands, and looks for the secret in all that they print and write."""

    def __init__(self, project: Project) -> None:
        self.project = project
        project.environment["AMLPLAN_VAR_token"] = CANARY
        project.write("team/main.hcl", MODULE)

    def run(self, *arguments: str, code: int = 0) -> Result:
        result = self.project.run(*arguments, code=code)
        assert CANARY not in result.all
        for path in self.project.root.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes()
        return result

    def stream(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        result = self.run(*arguments, "-json", code=code)
        assert not result.err
        return lines(result.out)

    def plan(self, *options: str) -> Any:
        self.run("plan", "-out=it.plan", *options)
        return document("plan_output", self.run("show", "-json", "it.plan").out)

    def state(self) -> Any:
        return document("state_output", self.run("show", "-json").out)


@pytest.fixture
def watched(project: Project) -> Watched:
    project.hcl(FIRST)
    return Watched(project)


@pytest.fixture
def changed(watched: Watched) -> Watched:
    """An applied project whose configuration and world changed since."""
    watched.run("apply", "-auto-approve")
    watched.project.hcl(SECOND)
    world = World(watched.project.world)
    for identity, item in world.objects().items():
        if "bench.outside/" in identity:
            world.put(identity, {**item, "value": "made otherwise", "weight": 3})
    world.silence("bench.silent")
    return watched


def by_address(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["address"]: item for item in items}


def test_a_new_plan(watched: Watched) -> None:
    plan = watched.plan()
    changes = by_address(plan["resource_changes"])
    part = changes['module.team["eu"].bench.part']
    assert part["module_address"] == 'module.team["eu"]'
    assert (part["type"], part["name"], part["provider_name"]) == ("bench.thing", "part", "bench")
    assert part["change"]["actions"] == ["create"]
    assert part["change"]["before"] is None
    assert part["change"]["after"]["options"] == {"token": None}
    assert part["change"]["after_sensitive"] == {"options": {"token": True}}
    assert part["change"]["after_unknown"] == {"echo": True, "id": True, "weight": True}
    each = changes['bench.each["a.b"]']
    assert (each["index"], changes["bench.counted[1]"]["index"]) == ("a.b", 1)
    assert each["change"]["after_unknown"]["value"] is True
    assert each["x_amlplan"]["stage"] == 1 + changes["bench.changed"]["x_amlplan"]["stage"]
    assert plan["variables"] == {"colour": {"value": "red"}}
    assert plan["output_changes"]["token"]["after_sensitive"] is True
    assert plan["output_changes"]["token"]["after"] is None
    assert (plan["applyable"], plan["complete"], plan["x_amlplan"]["risk"]) == (True, True, "low")
    steps = plan["x_amlplan"]["steps"]
    assert [step["stage"] for step in steps] == sorted(step["stage"] for step in steps)
    assert {step["key"] for step in steps} == changes.keys()


def test_checks_of_a_new_plan(watched: Watched) -> None:
    checks = {item["address"]["to_display"]: item for item in watched.plan()["checks"]}
    assert checks.keys() == {"check.colour", "bench.each", "output.colour"}
    assert checks["check.colour"]["status"] == "fail"
    [instance] = checks["check.colour"]["instances"]
    assert instance["problems"] == [{"message": "It is red."}]
    # The precondition holds; the postcondition and the output's depend on what is not known yet.
    each = checks["bench.each"]
    assert each["address"]["kind"] == "resource"
    assert (each["status"], each["address"]["type"]) == ("unknown", "bench.thing")
    assert {item["address"]["instance_key"] for item in each["instances"]} == {"a.b", "c"}
    assert checks["output.colour"]["status"] == "unknown"
    assert checks["output.colour"]["address"]["kind"] == "output_value"
    watched.run("apply", "-auto-approve")
    after = {item["address"]["to_display"]: item["status"] for item in watched.plan()["checks"]}
    assert after == {"check.colour": "fail", "bench.each": "pass", "output.colour": "pass"}


def test_the_plan_of_many_changes(changed: Watched) -> None:
    plan = changed.plan()
    changes = by_address(plan["resource_changes"])
    assert {name: item["change"]["actions"] for name, item in changes.items()} == {
        "bench.changed": ["update"],
        'bench.each["a.b"]': ["delete"],
        "bench.counted[1]": ["delete"],
        "bench.gone": ["delete"],
        "bench.new": ["no-op"],
        "bench.outside": ["update"],
        "bench.shaped": ["delete", "create"],
    }
    assert changes["bench.new"]["previous_address"] == "bench.old"
    assert changes["bench.shaped"]["action_reason"] == "replace_because_cannot_update"
    assert changes["bench.shaped"]["change"]["replace_paths"] == [["shape"]]
    assert changes["bench.shaped"]["change"]["before"]["shape"] == "round"
    assert changes["bench.gone"]["action_reason"].startswith("delete_because_")
    assert changes["bench.gone"]["change"]["after"] is None
    colour = changes["bench.changed"]
    assert colour["change"]["before_sensitive"] == {"options": {"token": True}}
    [difference] = [item for item in colour["x_amlplan"]["changes"] if item["path"] == "/value"]
    assert (difference["before"], difference["after"]) == ("red", "blue")
    assert plan["output_changes"]["early"]["actions"] == ["delete"]
    assert plan["complete"] is False
    details = plan["x_amlplan"]
    assert details["risk"] == "high"
    assert {item["address"] for item in details["blocked"]} == {"bench.kept", "bench.silent"}
    [deferred] = details["deferred"]
    assert deferred["address"] == "model.ridge"


def test_drift_in_a_plan(changed: Watched) -> None:
    [drift] = changed.plan()["resource_drift"]
    assert drift["address"] == "bench.outside"
    assert drift["change"]["actions"] == ["update"]
    before, after = drift["change"]["before"], drift["change"]["after"]
    assert (before["value"], after["value"]) == ("as made", "made otherwise")
    assert (before["weight"], after["weight"]) == (1, 3)
    assert before["shape"] == after["shape"] == "round"
    assert drift["x_amlplan"]["drift_class"] == "changed_outside"


def test_the_stream_of_many_changes(changed: Watched) -> None:
    found = changed.stream("plan")
    planned = {
        line["change"]["resource"]["addr"]: line["change"]
        for line in of_type(found, "planned_change")
    }
    assert planned["bench.shaped"]["action"] == "replace"
    assert planned["bench.shaped"]["reason"] == "cannot_update"
    assert planned["bench.new"]["action"] == "move"
    assert planned["bench.new"]["previous_resource"]["addr"] == "bench.old"
    paths = [item["path"] for item in planned["bench.changed"]["x_amlplan"]["changes"]]
    assert "/value" in paths
    [drift] = of_type(found, "resource_drift")
    assert drift["change"]["resource"]["addr"] == "bench.outside"
    [deferred] = of_type(found, "deferred")
    assert deferred["deferred"]["resource"]["resource_type"] == "model"
    assert len(of_type(found, "blocked")) == 2
    [summary] = of_type(found, "change_summary")
    assert summary["changes"] == {
        "add": 1,
        "change": 2,
        "remove": 4,
        "import": 0,
        "operation": "plan",
    }
    human = changed.run("plan").out
    assert summary["@message"] == human.splitlines()[-1]
    looked_at = {line["hook"]["resource"]["addr"] for line in of_type(found, "refresh_start")}
    assert "bench.silent" in looked_at
    assert len(of_type(found, "refresh_complete")) == len(looked_at)


def test_an_apply_and_what_is_recorded(watched: Watched) -> None:
    found = watched.stream("apply", "-auto-approve")
    begun = [line["hook"]["resource"]["addr"] for line in of_type(found, "apply_start")]
    done = [line["hook"]["resource"]["addr"] for line in of_type(found, "apply_complete")]
    assert sorted(begun) == sorted(done)
    *_, last = of_type(found, "change_summary")
    assert last["changes"]["add"] == len(done)
    assert last["changes"]["operation"] == "apply"
    [outputs] = of_type(found, "outputs")[1:]
    assert outputs["outputs"]["colour"] == {"sensitive": False, "value": "red"}
    assert outputs["outputs"]["token"] == {"sensitive": True, "value": None}
    [warning] = [
        line["diagnostic"]
        for line in of_type(found, "diagnostic")[1:]
        if line["diagnostic"]["severity"] == "warning"
    ]
    assert (warning["code"], warning["detail"]) == ("failed_check", "It is red.")
    state = watched.state()
    root = state["values"]["root_module"]
    assert [module["address"] for module in root["child_modules"]] == [
        'module.team["eu"]',
        'module.team["us"]',
    ]
    addresses = [item["address"] for item in root["resources"]]
    addresses += [
        item["address"] for module in root["child_modules"] for item in module["resources"]
    ]
    assert sorted(addresses) == sorted(done)
    [part] = root["child_modules"][0]["resources"]
    assert part["sensitive_values"] == {"options": {"token": True}}
    assert part["values"]["options"] == {"token": None}
    assert state["values"]["outputs"]["token"] == {"sensitive": True, "value": None}
    assert state["x_amlplan"]["applied"]["complete"] is True


def test_an_apply_of_many_changes_is_incomplete(changed: Watched) -> None:
    found = changed.stream("apply", "-auto-approve", code=12)
    deleted = [
        line["hook"]["resource"]["addr"]
        for line in of_type(found, "apply_complete")
        if line["hook"]["action"] == "delete"
    ]
    assert sorted(deleted) == sorted(
        ["bench.counted[1]", 'bench.each["a.b"]', "bench.gone", "bench.shaped"]
    )
    *_, last = of_type(found, "change_summary")
    assert last["changes"]["remove"] == 4
    assert "incomplete" in last["@message"]


def test_a_saved_plan_and_a_destroy(watched: Watched) -> None:
    watched.run("plan", "-out=it.plan")
    found = watched.stream("apply", "it.plan")
    planned = [line["change"]["resource"]["addr"] for line in of_type(found, "planned_change")]
    done = [line["hook"]["resource"]["addr"] for line in of_type(found, "apply_complete")]
    assert sorted(planned) == sorted(done)
    watched.project.hcl(FIRST.replace("prevent_destroy = true", "prevent_destroy = false"))
    watched.run("apply", "-auto-approve")
    found = watched.stream("destroy", "-auto-approve")
    *_, last = of_type(found, "change_summary")
    assert last["changes"]["operation"] == "destroy"
    assert last["changes"]["remove"] == len(done)
    state = watched.state()
    assert state["values"]["root_module"] == {"resources": [], "child_modules": []}


def test_failures_are_told_once_with_their_place(watched: Watched) -> None:
    text = (
        'bench "thing" "a" {\n  fail = "before"\n}\n'
        'bench "thing" "b" {\n  value = bench.a.id\n}\n'
        'bench "thing" "c" {\n  fail = "crash after"\n}\n'
        'bench "thing" "d" {}\n'
    )
    watched.project.hcl(text)
    found = watched.stream("apply", "-auto-approve", code=12)
    failed = [line["hook"]["resource"]["addr"] for line in of_type(found, "apply_errored")]
    assert sorted(failed) == ["bench.a", "bench.c"]
    told = [line["diagnostic"] for line in of_type(found, "diagnostic")]
    assert sorted(item["address"] for item in told) == ["bench.a", "bench.c"]
    assert {item["severity"] for item in told} == {"error"}
    [skipped] = of_type(found, "apply_skipped")
    assert skipped["hook"]["resource"]["addr"] == "bench.b"
    assert skipped["hook"]["because"] == "bench.a"
    *_, last = of_type(found, "change_summary")
    assert last["changes"]["add"] == 1
    assert last["@message"].startswith("Apply incomplete!")
    tainted = [
        item["address"]
        for item in watched.state()["values"]["root_module"]["resources"]
        if item["tainted"]
    ]
    assert tainted == ["bench.c"]
    again = watched.plan()
    [change] = [item for item in again["resource_changes"] if item["address"] == "bench.c"]
    assert change["action_reason"] == "replace_because_tainted"


def test_nothing_was_applied_yet(watched: Watched) -> None:
    assert watched.state() == {
        "format_version": "1.0",
        "amlplan_version": watched.plan()["amlplan_version"],
    }


def test_what_only_moves_is_told(watched: Watched) -> None:
    watched.project.hcl('bench "thing" "a" {\n  name = "x"\n}\n')
    watched.run("apply", "-auto-approve")
    watched.project.hcl(
        'bench "thing" "b" {\n  name = "x"\n}\nmoved {\n  from = bench.a\n  to   = bench.b\n}\n'
    )
    [change] = watched.plan()["resource_changes"]
    assert (change["address"], change["previous_address"]) == ("bench.b", "bench.a")
    assert change["change"]["actions"] == ["no-op"]
    [line] = of_type(watched.stream("plan"), "planned_change")
    assert line["change"]["action"] == "move"
    assert line["change"]["previous_resource"]["addr"] == "bench.a"


def test_the_stream_beside_the_text_is_the_same(changed: Watched) -> None:
    human = changed.run("plan").out
    beside = changed.run("plan", "-json-into=it.ndjson")
    assert beside.out == human
    written = lines((changed.project.root / "it.ndjson").read_text())
    printed = changed.stream("plan")

    def timeless(found: list[dict[str, Any]]) -> list[str]:
        return sorted(json.dumps({**line, "@timestamp": ""}) for line in found)

    assert timeless(written) == timeless(printed)


def test_options_of_a_plan(watched: Watched) -> None:
    watched.project.hcl('bench "thing" "a" {}\nbench "thing" "b" {}\nbench "thing" "c" {}\n')
    watched.run("apply", "-auto-approve")
    plan = watched.plan("-replace=bench.a", "-forget=bench.b", "-target=bench.a")
    assert plan["complete"] is False
    assert plan["x_amlplan"]["options"]["targets"] == ["bench.a"]
    by_action = {tuple(item["change"]["actions"]): item for item in plan["resource_changes"]}
    assert by_action.keys() == {("delete", "create"), ("forget",)}
    replaced = by_action["delete", "create"]
    assert replaced["action_reason"] == "replace_by_request"
    assert by_action["forget",]["x_amlplan"]["risk"] == "none"
    found = watched.stream("plan", "-replace=bench.a", "-fail-on=replace", code=13)
    [told] = of_type(found, "diagnostic")
    assert told["diagnostic"]["code"] == "gate_closed"
    assert len(of_type(found, "planned_change")) == 1


def test_a_refresh_changes_only_the_state(changed: Watched) -> None:
    plan = changed.plan("-refresh=only")
    [change] = [item for item in plan["resource_changes"] if item["address"] == "bench.outside"]
    assert change["change"]["actions"] == ["no-op"]
    assert change["x_amlplan"]["reason"] == "refreshed"
    assert plan["x_amlplan"]["mode"] == "refresh"
    found = changed.stream("apply", "it.plan", code=12)  # what is silent is blocked
    done = [line["hook"]["action"] for line in of_type(found, "apply_complete")]
    assert done == ["refresh"]


def test_the_new_object_comes_first(watched: Watched) -> None:
    lifecycle = "  lifecycle {\n    create_before_destroy = true\n  }\n"
    text = f'bench "thing" "a" {{\n  shape = "%s"\n{lifecycle}}}\n'
    watched.project.hcl(text % "round")
    watched.run("apply", "-auto-approve")
    watched.project.hcl(text % "flat")
    [change] = watched.plan()["resource_changes"]
    assert change["change"]["actions"] == ["create", "delete"]
    found = watched.stream("apply", "it.plan")
    done = [line["hook"]["action"] for line in of_type(found, "apply_complete")]
    assert done == ["create", "delete"]
    *_, last = of_type(found, "change_summary")
    assert (last["changes"]["add"], last["changes"]["remove"]) == (1, 1)


def test_objects_that_are_taken_over(watched: Watched) -> None:
    world = World(watched.project.world)
    for name in ("old", "same"):
        item = {"value": name, "weight": 1, "complete": True}
        world.put(f"theirs/bench.{name}/1", item, name)
    imports = "".join(
        f'import {{\n  to = bench.{name}\n  id = "{name}"\n}}\n' for name in ("old", "same")
    )
    things = (
        'bench "thing" "old" {\n  value = "new"\n}\nbench "thing" "same" {\n  value = "same"\n}\n'
    )
    watched.project.hcl(things + imports)
    changes = by_address(watched.plan()["resource_changes"])
    assert changes["bench.old"]["change"]["actions"] == ["update"]
    assert changes["bench.same"]["change"]["actions"] == ["no-op"]
    assert changes["bench.same"]["change"]["after"]["value"] == "same"
    for name, change in changes.items():
        assert change["change"]["importing"] == {"id": name.removeprefix("bench.")}
    found = watched.stream("apply", "it.plan")
    first, second = of_type(found, "change_summary")
    assert (first["changes"]["import"], second["changes"]["import"]) == (2, 2)
    taken = [
        line["hook"]["resource"]["addr"]
        for line in of_type(found, "apply_complete")
        if line["hook"]["action"] == "import"
    ]
    assert sorted(taken) == ["bench.old", "bench.same"]
