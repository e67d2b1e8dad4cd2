"""What is decided for each way in which wanted, recorded and observed may differ, and the order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World

if TYPE_CHECKING:
    from harness.project import Project

Arguments = dict[str, Any]
BASE: Arguments = {"value": '"red"', "shape": '"round"', "options": '{ a = "1", b = "2" }'}


def thing(label: str = "a", **arguments: str) -> str:
    lines = "".join(f"  {name} = {value}\n" for name, value in arguments.items())
    return f'bench "thing" "{label}" {{\n{lines}}}\n'


def plan_of(project: Project, *arguments: str) -> dict[str, Any]:
    project.run("plan", "-out=it.plan", *arguments)
    found: dict[str, Any] = json.loads((project.root / "it.plan").read_text())
    return found


def change_world(project: Project, label: str, **changes: object) -> None:
    world = World(project.world)
    for identity, item in world.objects().items():
        if f"/bench.{label}/" in identity:
            world.put(identity, {**item, **changes})


# What the configuration says now; what somebody did outside; what is planned, why, with which
# changed paths, and whether the provider is called.
TABLE: list[tuple[str, Arguments, Arguments, tuple[str, str, list[str], bool] | None]] = [
    ("nothing", {}, {}, None),
    ("an update", {"value": '"blue"'}, {}, ("update", "changed", ["/value"], True)),
    ("a replacement", {"shape": '"flat"'}, {}, ("replace", "cannot_update", ["/shape"], True)),
    ("a rename", {"name": '"other"'}, {}, ("replace", "cannot_update", ["/name"], True)),
    ("its own name", {"name": '"a"'}, {}, None),
    ("metadata", {"tags": '{ a = "1" }'}, {}, ("update", "changed", ["/tags/a"], False)),
    (
        "metadata and more",
        {"description": '"x"', "value": '"blue"'},
        {},
        ("update", "changed", ["/description", "/value"], True),
    ),
    (
        "an update and a replacement",
        {"shape": '"flat"', "value": '"blue"'},
        {},
        ("replace", "cannot_update", ["/shape", "/value"], True),
    ),
    (
        "a map",
        {"options": '{ a = "3", c = "4" }'},
        {},
        ("update", "changed", ["/options/a", "/options/b", "/options/c"], True),
    ),
    ("the same map in another order", {"options": '{ b = "2", a = "1" }'}, {}, None),
    ("a default said", {"steps": "0", "needs": "[]"}, {}, None),
    ("null is a default", {"steps": "null"}, {}, None),
    ("a number for a text", {"options": '{ a = 1, b = "2" }'}, {}, None),
    ("drift", {}, {"value": "pink"}, ("update", "drifted", ["/value"], True)),
    ("drift of an output", {}, {"weight": 3}, ("update", "drifted", ["/weight"], True)),
    (
        "drift and a change of the same",
        {"value": '"blue"'},
        {"value": "pink"},
        ("update", "drifted", ["/value"], True),
    ),
    (
        "drift and another change",
        {"options": "{}"},
        {"value": "pink"},
        ("update", "changed", ["/options/a", "/options/b", "/value"], True),
    ),
    (
        "drift to what is wanted",
        {"value": '"blue"'},
        {"value": "blue"},
        ("update", "drifted", ["/value"], False),
    ),
    (
        "drift and a replacement",
        {"shape": '"flat"'},
        {"weight": 3},
        ("replace", "cannot_update", ["/shape", "/weight"], True),
    ),
]


@pytest.mark.parametrize(
    ("now", "outside", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE]
)
def test_one_resource(
    project: Project,
    now: Arguments,
    outside: Arguments,
    expected: tuple[str, str, list[str], bool] | None,
) -> None:
    project.hcl(thing(**BASE))
    project.apply()
    change_world(project, "a", **outside)
    project.hcl(thing(**{**BASE, **now}))
    plan = plan_of(project)
    assert bool(plan["drift"]) == bool(outside)
    if expected is None:
        assert not plan["operations"]
        assert plan["unchanged"] == 1
    else:
        [operation] = plan["operations"]
        action, reason, paths, calls = expected
        assert (operation["action"], operation["reason"]) == (action, reason)
        assert sorted(change["path"] for change in operation["changes"]) == sorted(paths)
        assert operation["calls_provider"] == calls
    project.apply()
    assert not plan_of(project)["drift"]


def test_what_is_shown_before_is_what_is_there(project: Project) -> None:
    project.hcl(thing(**BASE))
    project.apply()
    change_world(project, "a", value="pink", weight=3)
    [operation] = plan_of(project)["operations"]
    assert (operation["before"]["value"], operation["after"]["value"]) == ("pink", "red")
    assert operation["before"]["weight"] == 3
    assert '~ value  = "pink" -> "red"' in project.run("plan").out


@pytest.mark.parametrize("now", [{}, {"value": '"blue"'}, {"shape": '"flat"'}])
def test_what_is_gone_is_made_again_with_another_identity(project: Project, now: Arguments) -> None:
    project.hcl(thing(**BASE))
    project.apply()
    world = World(project.world)
    [identity] = world.objects()
    world.remove(identity)
    project.hcl(thing(**{**BASE, **now}))
    plan = plan_of(project)
    [operation] = plan["operations"]
    assert (operation["action"], operation["reason"]) == ("create", "deleted_outside")
    assert [item["drift_class"] for item in plan["drift"]] == ["deleted_outside"]
    project.apply()
    assert identity not in world.objects()
    assert len(world.objects()) == 1


def test_a_tainted_object_is_replaced(project: Project) -> None:
    project.hcl(thing(fail='"after"'))
    project.run("apply", "-auto-approve", code=12)
    project.hcl(thing())
    [operation] = plan_of(project)["operations"]
    assert (operation["action"], operation["reason"]) == ("replace", "tainted")
    project.apply()
    assert len(World(project.world).objects()) == 1


def test_order_follows_references_and_its_reverse(project: Project) -> None:
    project.hcl(
        thing("a", value="bench.d.id")
        + thing("b", depends_on="[bench.a]")
        + thing("c")
        + thing("d", value="local.x")
        + "locals {\n  x = bench.c.id\n}\n"
    )
    plan = plan_of(project)
    assert [item["address"] for item in plan["operations"]] == [
        "bench.c",
        "bench.d",
        "bench.a",
        "bench.b",
    ]
    assert [item["depends_on"] for item in plan["operations"]] == [
        [],
        ["bench.c"],
        ["bench.d"],
        ["bench.a"],
    ]
    project.apply()
    destroyed = [item["address"] for item in plan_of(project, "-destroy")["operations"]]
    assert destroyed == ["bench.b", "bench.a", "bench.d", "bench.c"]
    project.hcl(thing("a") + thing("c"))
    plan = plan_of(project)
    assert [(item["action"], item["address"]) for item in plan["operations"]] == [
        ("update", "bench.a"),
        ("delete", "bench.b"),
        ("delete", "bench.d"),
    ]
    project.apply()


def test_only_what_an_update_may_change_becomes_unknown(project: Project) -> None:
    project.hcl(
        thing("a", value='"1"') + thing("b", value="bench.a.id") + thing("c", value="bench.a.echo")
    )
    project.apply()
    project.hcl(
        thing("a", value='"2"') + thing("b", value="bench.a.id") + thing("c", value="bench.a.echo")
    )
    plan = plan_of(project)
    found = {item["address"]: item for item in plan["operations"]}
    assert found.keys() == {"bench.a", "bench.c"}
    assert "/value" in found["bench.c"]["unknown"]
    project.apply()


def test_what_leans_on_an_unreachable_object_is_blocked_and_the_rest_is_done(
    project: Project,
) -> None:
    project.hcl(thing("a") + thing("z"))
    project.apply()
    (project.world / "unreachable").touch()
    project.hcl(thing("a") + thing("b", value="bench.a.id") + thing("c", value="bench.b.id"))
    plan = plan_of(project)
    assert {item["address"] for item in plan["blocked"]} == {
        "bench.a",
        "bench.b",
        "bench.c",
        "bench.z",
    }
    assert not plan["operations"]
    assert {item["drift_class"] for item in plan["drift"]} == {"unreachable"}
    (project.world / "unreachable").unlink()
    project.apply()


def test_a_secret_that_is_observed_is_neither_drift_nor_told(project: Project) -> None:
    project.environment["CANARY"] = "c4nary-9f8e"
    project.hcl(thing(value='env_secret("CANARY")'))
    project.run("apply", "-auto-approve")
    result = project.run("drift", "-json")
    assert json.loads(result.out)["drift"] == []
    plan = project.run("plan", "-detailed-exitcode")
    assert "No changes." in plan.out
    project.hcl(thing(value='env_secret("CANARY")', shape='"flat"'))
    project.run("plan", "-out=it.plan")
    [operation] = json.loads((project.root / "it.plan").read_text())["operations"]
    assert operation["before"]["value"] is None


def test_an_empty_block_comes_before_what_refers_to_it_wherever_it_stands(
    project: Project,
) -> None:
    project.write(
        "a.hcl", 'datastore "local" "raw" {\n  path = "."\n}\ncompute "local" "here" {}\n'
    )
    project.write("z.hcl", 'workspace "main" {}\n')
    plan = plan_of(project)
    assert plan["operations"][0]["address"] == "workspace.main"
    project.apply()
