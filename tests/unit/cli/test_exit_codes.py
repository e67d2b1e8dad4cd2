"""The exit codes that scripts rely on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

from amlplan_state.durable import Disk

if TYPE_CHECKING:
    from harness.project import Project

ONE = 'bench "thing" "a" {\n  value = "red"\n}\n'


def test_0_and_2_tell_of_differences_only_where_asked(project: Project) -> None:
    project.hcl(ONE)
    project.run("plan", code=0)
    project.run("plan", "-detailed-exitcode", code=2)
    project.run("apply", "-auto-approve", code=0)
    project.run("plan", "-detailed-exitcode", code=0)
    project.run("plan", "-detailed-exitcode=false", "-destroy", code=0)
    project.run("plan", "-detailed-exitcode", "-destroy", code=2)
    project.run("drift", code=0)
    project.hcl(ONE.replace("red", "blue"))
    project.run("drift", code=0)


def test_2_tells_of_outputs_that_change_alone(project: Project) -> None:
    project.hcl('output "x" {\n  value = 1\n}\n')
    project.run("plan", "-detailed-exitcode", code=2)
    project.run("apply", "-auto-approve")
    project.run("plan", "-detailed-exitcode", code=0)


def test_drift_says_2_and_1_where_nothing_is_known(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    world = World(project.world)
    [identity] = world.objects()
    world.put(identity, {**world.objects()[identity], "weight": 5})
    project.run("drift", code=2)
    project.run("drift", "-json", code=2)
    (project.world / "unreachable").touch()
    project.run("drift", code=1)
    project.run("drift", "-allow-unreachable", code=0)


def test_10_is_a_configuration_that_is_wrong(project: Project) -> None:
    for command in (["plan"], ["validate"], ["validate", "-json"], ["apply", "-auto-approve"]):
        project.hcl("pipeline {}")
        project.run(*command, code=10)
    project.run("plan", "-var=x=1", code=10)


def test_12_is_an_operation_that_failed(project: Project) -> None:
    project.hcl('bench "thing" "a" {\n  fail = "before"\n}\nbench "thing" "b" {}\n')
    result = project.run("apply", "-auto-approve", code=12)
    assert "Resources: 1 added" in result.err
    assert "Apply complete" not in result.all


def test_12_is_an_apply_that_could_not_reach_something(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    (project.world / "unreachable").touch()
    result = project.run("destroy", "-auto-approve", code=12)
    assert "Blocked: bench.a" in result.err
    assert "complete!" not in result.all
    project.run("apply", "-auto-approve", code=12)
    (project.world / "unreachable").unlink()
    project.run("destroy", "-auto-approve", code=0)


def test_14_is_a_lock_that_somebody_holds(project: Project) -> None:
    from amlplan.backend import Holder
    from amlplan_state.local import LocalBackend

    project.hcl(ONE)
    project.apply()
    holder = Holder("ana", "elsewhere", 1, "2026-01-01T00:00:00+00:00", "apply", None)
    backend = LocalBackend(project.root, {}, "1", disk=Disk())
    with backend.open(holder, timeout=0, waiting=lambda _other: None):
        result = project.run("apply", "-auto-approve", code=14)
        assert "ana" in result.err
        project.run("plan", code=0)
        project.run("drift", code=0)
        project.run("show", code=0)
    project.run("apply", "-auto-approve", code=0)


@pytest.mark.parametrize("content", ["", "{}", "nonsense", '{"format_version": 99}'])
def test_15_is_a_state_that_cannot_be_used(project: Project, content: str) -> None:
    project.hcl(ONE)
    project.write("amlplan.state.json", content)
    for command in (["plan"], ["drift"], ["show"], ["state", "list"], ["output"]):
        project.run(*command, code=15)
    project.run("apply", "-auto-approve", code=15)
    project.run("validate", code=0)


def test_16_is_a_saved_plan_that_no_longer_fits(project: Project) -> None:
    project.hcl(ONE)
    project.run("plan", "-out=it.plan")
    project.hcl(ONE.replace("red", "blue"))
    assert "main.hcl" in project.run("apply", "it.plan", code=16).err
    project.apply()
    project.hcl(ONE)
    assert "serial" in project.run("apply", "it.plan", code=16).err
    assert len(World(project.world).objects()) == 1


def test_a_saved_plan_is_applied_once(project: Project) -> None:
    project.hcl(ONE)
    project.run("plan", "-out=it.plan")
    project.apply()
    assert "Nothing of this plan is left to do." in project.run("apply", "it.plan").out
    assert len(World(project.world).notes()) == 1
    project.write("value", "blue")
    project.hcl(ONE.replace('"red"', 'file("value")'))
    project.run("plan", "-out=it.plan")
    project.run("apply", "it.plan")
    project.write("value", "green")
    assert "applied already" in project.run("apply", "it.plan", code=16).err


def test_16_names_an_object_that_changed_outside(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    project.hcl(ONE.replace("red", "blue"))
    project.run("plan", "-out=it.plan")
    world = World(project.world)
    [identity] = world.objects()
    world.remove(identity)
    assert "bench.a" in project.run("apply", "it.plan", code=16).err
    assert not world.objects()


def test_a_saved_plan_with_a_sensitive_variable_is_applied(project: Project) -> None:
    project.hcl(
        'variable "token" {\n  sensitive = true\n}\n'
        'bench "thing" "a" {\n  options = { token = var.token }\n}\n'
    )
    project.run("plan", "-var=token=one", "-out=it.plan")
    assert "sensitive variable" in project.run("apply", "-var=token=two", "it.plan", code=16).err
    project.run("apply", "-var=token=one", "it.plan")
    project.run("plan", "-var=token=two", "-out=it.plan")
    project.run("apply", "-var=token=two", "it.plan")
    assert "No changes." in project.run("plan", "-var=token=two").out


def test_a_lost_provider_is_explained(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.hcl(ONE)
    project.apply()
    from amlplan.registry import Registry

    monkeypatch.setattr(Registry, "_entry_points", {})
    shutil.rmtree(project.world)
    result = project.run("destroy", "-auto-approve", code=None)
    assert result.code in (1, 12)
    assert "No installed package provides bench.thing" in result.err
