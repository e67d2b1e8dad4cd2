"""Each class of drift, and what is none: told apart, and counted in the exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World
from jsonschema import Draft202012Validator

from amlplan.addresses import parse_address
from amlplan.backend import Holder
from amlplan_schemas.state import Intent, Tree
from amlplan_state.local import LocalBackend

if TYPE_CHECKING:
    from harness.project import Project, Result

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "schemas/amlplan_schemas/json/drift.schema.json").read_text()
)
TWO = 'bench "thing" "a" {\n  value = "red"\n}\nbench "thing" "b" {}\n'


@pytest.fixture
def applied(project: Project) -> Project:
    project.hcl(TWO)
    project.apply()
    return project


def drift(project: Project, *arguments: str, code: int = 2) -> Any:
    result = project.run("drift", "-json", *arguments, code=code)
    assert not result.err
    found = json.loads(result.out)
    Draft202012Validator(SCHEMA).validate(found)
    return found


def classes(found: Any) -> dict[str, str]:
    return {item["address"]: item["drift_class"] for item in found["drift"]}


def pending(found: Any) -> dict[str, str]:
    return {item["address"]: item["action"] for item in found["pending_config"]}


def world_of(project: Project) -> World:
    return World(project.world)


def identity_of(project: Project, address: str) -> str:
    [found] = [name for name in world_of(project).objects() if f"/{address}/" in name]
    return found


def begun(project: Project, action: str, address: str, generation: int) -> None:
    """Leave an operation in the journal as a kill does: begun, and never answered."""
    backend = LocalBackend(project.root, {}, "1")
    holder = Holder("ana", "here", 1, "2026-01-01T00:00:00+00:00", "apply", None)
    with backend.open(holder, timeout=0, waiting=lambda _other: None) as writer:
        record = next(iter(writer.records.values()))
        parsed = parse_address(address)
        assert parsed is not None
        identity = f"{writer.state.lineage}/{address}/{generation}"
        draft = record.model_copy(
            update={
                "address": address,
                "identity": identity,
                "name": parsed.label,
                "outputs": Tree(),
            }
        )
        if action == "delete":
            draft = writer.records[address]
        fields = {"operation": "1", "action": action, "address": address, "plan": "p"}
        writer.begin(Intent.model_validate({**fields, "draft": draft}))


def test_nothing_is_drift_when_nothing_happened(applied: Project) -> None:
    found = drift(applied, code=0)
    assert (found["drift"], found["has_drift"], found["objects"]) == ([], False, 2)
    assert found["configuration"] == {"compared": True, "reason": ""}
    assert found["resources"][0]["place"] == {"filename": "main.hcl", "line": 1}


def test_changed_deleted_and_unreachable(applied: Project) -> None:
    world = world_of(applied)
    world.put(identity_of(applied, "bench.a"), {**world.alive()[0], "value": "pink"})
    world.remove(identity_of(applied, "bench.b"))
    found = drift(applied)
    assert classes(found) == {"bench.a": "changed_outside", "bench.b": "deleted_outside"}
    assert found["pending_config"] == []
    world.silence("bench.a")
    assert classes(drift(applied, code=1)) == {
        "bench.a": "unreachable",
        "bench.b": "deleted_outside",
    }
    assert classes(drift(applied, "-allow-unreachable"))["bench.a"] == "unreachable"
    world.silence()
    assert drift(applied, "-allow-unreachable", code=0)["has_drift"] is False


def test_what_carries_our_lineage_and_has_no_record_is_unmanaged(applied: Project) -> None:
    lineage = identity_of(applied, "bench.a").partition("/")[0]
    odd = f'{lineage}/module.m["a/b"].bench.c["x/1"]/7'
    world_of(applied).put(odd, {"value": "", "weight": 1, "complete": True})
    found = drift(applied)
    [item] = found["drift"]
    assert item["address"] == 'module.m["a/b"].bench.c["x/1"]'
    assert (item["drift_class"], item["identity"]) == ("unmanaged", odd)
    text = applied.run("drift", code=2).out
    assert 'module.m["a/b"].bench.c["x/1"] is not managed' in text
    assert "Drift: 0 of 2 objects differ, 1 is not managed." in text
    world_of(applied).remove(odd)
    drift(applied, code=0)


@pytest.mark.parametrize("identity", ["", "x", "other/bench.c/1", "/bench.c/1", "LINEAGE/c/x"])
def test_what_others_made_is_told_on_demand_and_is_no_drift(
    applied: Project, identity: str
) -> None:
    lineage = identity_of(applied, "bench.a").partition("/")[0]
    identity = identity.replace("LINEAGE", lineage)
    world_of(applied).put(identity, {"value": "", "weight": 1, "complete": True}, "theirs")
    assert drift(applied, code=0)["others"] == []
    [other] = drift(applied, "-unmanaged", code=0)["others"]
    assert (other["kind"], other["name"], other["address"]) == ("bench.thing", "theirs", "")
    assert "bench.thing theirs" in applied.run("drift", "-unmanaged").out


def test_an_interrupted_create_is_settled_in_memory(applied: Project) -> None:
    begun(applied, "create", "bench.c", 5)
    before = (applied.root / "amlplan.state.json.journal").read_bytes()
    assert drift(applied, code=0)["drift"] == []
    # Its object arrived: found, recorded in memory, and neither drift nor unmanaged.
    lineage = identity_of(applied, "bench.a").partition("/")[0]
    item = {"value": "red", "weight": 1, "complete": True}
    world_of(applied).put(f"{lineage}/bench.c/5", item)
    found = drift(applied, code=0)
    assert found["objects"] == 3
    assert pending(found)["bench.c"] == "delete"  # the configuration does not have it
    # Half of it: still what the interrupted create began.
    world_of(applied).put(f"{lineage}/bench.c/5", {**item, "complete": False})
    assert drift(applied, code=0)["drift"] == []
    world_of(applied).silence("bench.c")
    [item] = drift(applied, code=1)["drift"]
    assert item["drift_class"] == "unreachable"
    assert "interrupted operation" in item["reason"]
    assert (applied.root / "amlplan.state.json.journal").read_bytes() == before


def test_an_interrupted_delete_that_was_done_is_no_drift(applied: Project) -> None:
    begun(applied, "delete", "bench.b", 1)
    world_of(applied).remove(identity_of(applied, "bench.b"))
    found = drift(applied, code=0)
    assert found["objects"] == 1
    assert pending(found) == {"bench.b": "create"}


def test_what_waits_to_be_deleted_is_managed(applied: Project) -> None:
    lineage = identity_of(applied, "bench.a").partition("/")[0]
    world_of(applied).put(f"{lineage}/bench.a/0", {"value": "", "weight": 1, "complete": True})
    assert drift(applied)["drift"][0]["drift_class"] == "unmanaged"
    backend = LocalBackend(applied.root, {}, "1")
    holder = Holder("ana", "here", 1, "2026-01-01T00:00:00+00:00", "apply", None)
    with backend.open(holder, timeout=0, waiting=lambda _other: None) as writer:
        record = writer.records["bench.a"]
        old = record.model_copy(update={"identity": f"{lineage}/bench.a/0"})
        writer.finish("bench.a", record.model_copy(update={"deposed": (old,)}))
    assert drift(applied, code=0)["drift"] == []


def test_what_a_removed_block_lets_go_of_is_no_drift(applied: Project) -> None:
    let_go = "removed {\n  from = bench.b\n  lifecycle {\n    destroy = false\n  }\n}\n"
    applied.hcl(TWO.partition('bench "thing" "b"')[0] + let_go)
    assert pending(drift(applied, code=0)) == {"bench.b": "forget"}
    applied.apply()
    assert drift(applied, code=0)["drift"] == []
    applied.hcl(TWO.partition('bench "thing" "b"')[0])
    assert classes(drift(applied)) == {"bench.b": "unmanaged"}


def test_a_configuration_that_is_not_applied_is_no_drift(applied: Project) -> None:
    applied.hcl(
        'bench "thing" "a" {\n  value = "blue"\n}\n'
        'bench "thing" "c" {\n  for_each = toset(["x"])\n}\n'
        'bench "thing" "d" {\n  value = bench.c["x"].id\n}\n'
        'output "new" {\n  value = 1\n}\n'
    )
    found = drift(applied, code=0)
    assert pending(found) == {
        "bench.a": "update",
        "bench.b": "delete",
        'bench.c["x"]': "create",
        "bench.d": "create",
        "output.new": "create",
    }
    places = {item["address"]: item["place"] for item in found["pending_config"]}
    assert places['bench.c["x"]'] == {"filename": "main.hcl", "line": 4}
    assert places["output.new"] == {"filename": "main.hcl", "line": 10}
    assert places["bench.b"] is None
    text = applied.run("drift").out
    assert "Not applied yet, which is no drift:" in text
    assert text.endswith("No drift. Looked at 2 objects: as they were applied.\n")


def test_what_is_changed_on_both_sides_is_told_on_both(applied: Project) -> None:
    world = world_of(applied)
    world.put(identity_of(applied, "bench.a"), {**world.alive()[0], "value": "pink"})
    applied.hcl(TWO.replace("red", "blue"))
    found = drift(applied)
    assert [item["after"] for item in found["drift"][0]["changes"]] == ["pink"]
    [change] = found["pending_config"][0]["changes"]
    assert (change["before"], change["after"]) == ("red", "blue")


def test_drift_alone_is_not_pending(applied: Project) -> None:
    world_of(applied).remove(identity_of(applied, "bench.b"))
    assert pending(drift(applied)) == {}


def test_a_move_is_pending_and_followed(applied: Project) -> None:
    moved = "moved {\n  from = bench.b\n  to   = bench.z\n}\n"
    applied.hcl(TWO.replace('"b"', '"z"') + moved)
    found = drift(applied, code=0)
    assert pending(found) == {"bench.z": "move"}
    world_of(applied).remove(identity_of(applied, "bench.b"))
    assert classes(drift(applied)) == {"bench.z": "deleted_outside"}


MISTAKES = {
    "a mistake in a block": ('bench "thing" "a" {\n  valeu = 1\n}\n', "Unsupported argument"),
    "a variable without a value": (
        'variable "x" {}\nbench "thing" "a" {\n  value = var.x\n}\n',
        "No value for a required variable",
    ),
    "a cycle": ('bench "thing" "a" {\n  value = bench.a.id\n}\n', "on main.hcl line"),
    "what is not there": ('model "m" {\n  source = "nowhere"\n}\n', ""),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_keep_nobody_from_looking(applied: Project, name: str) -> None:
    text, why = MISTAKES[name]
    applied.hcl(text)
    world_of(applied).remove(identity_of(applied, "bench.b"))
    found = drift(applied)
    assert classes(found) == {"bench.b": "deleted_outside"}
    assert found["configuration"]["compared"] is False
    assert why in found["configuration"]["reason"]
    assert "The configuration could not be compared:" in applied.run("drift", code=2).out


def test_a_file_that_cannot_be_read_may_say_where_the_state_is(applied: Project) -> None:
    applied.hcl('bench "thing" "a" {\n')
    assert "Unclosed block" in applied.run("drift", code=10).err


def keep_state(project: Project) -> Path:
    kept = project.root.parent / "kept"
    kept.mkdir()
    for path in project.root.glob("amlplan.state.json*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, kept / path.name)
    return kept


def put_back(project: Project, kept: Path) -> None:
    for path in project.root.glob("amlplan.state.json*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(kept, project.root, dirs_exist_ok=True)


def test_local_objects_that_an_older_state_does_not_know_are_unmanaged(project: Project) -> None:
    project.write("model.txt", "weights")
    project.hcl('workspace "one" {}\n')
    project.apply()
    kept = keep_state(project)
    project.hcl(
        'workspace "one" {}\nworkspace "two" {}\n'
        'model "m" {\n  source    = "model.txt"\n  workspace = workspace.one\n}\n'
    )
    project.apply()
    assert drift(project, code=0)["drift"] == []
    put_back(project, kept)
    found = drift(project)
    assert classes(found) == {"model.m": "unmanaged", "workspace.two": "unmanaged"}
    assert {item["name"] for item in found["drift"]} == {"m:1", "two"}
    assert pending(found) == {"model.m": "create", "workspace.two": "create"}


def test_another_project_of_the_user_is_not_ours(project: Project, tmp_path: Path) -> None:
    project.hcl('workspace "one" {}\n')
    project.apply()
    document = next(project.data.glob("workspaces/*/workspace.json")).read_text()
    broken = project.data / "workspaces" / "broken"
    broken.mkdir()
    (broken / "workspace.json").write_text("garbage")
    foreign = json.loads(document)
    other = project.data / "workspaces" / "other"
    other.mkdir()
    foreign |= {"identity": "elsewhere/workspace.w/1", "name": "w|<&>\u0007\u202e`x`"}
    (other / "workspace.json").write_text(json.dumps(foreign))
    assert drift(project, code=0)["others"] == []
    others = drift(project, "-unmanaged", code=0)["others"]
    assert [item["identity"] for item in others] == [None, "elsewhere/workspace.w/1"]
    shown: Result = project.run("drift", "-unmanaged")
    assert "\u0007" not in shown.out
    assert "\\u202e" in shown.out
