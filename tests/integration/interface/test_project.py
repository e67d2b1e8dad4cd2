"""The Python interface: the same plans, applies and reports as the commands, as data."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World
from pydantic import ValidationError

from amlplan.errors import (
    ConfigError,
    LockedError,
    PlanError,
    StalePlanError,
    UnknownAddressError,
)
from amlplan.events import Concluded, Finished, Started
from amlplan.planning.saved import read_plan
from amlplan.project import PlanOptions, Project
from amlplan_schemas.plan import Action, Refresh
from amlplan_state.local import LocalBackend
from kill.course import thing
from state_support import HOLDER, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project import Project as Folder

VARIABLES = 'variable "n" {\n type = number\n}\nvariable "tags" {\n type = map(string)\n}\n'


@pytest.fixture
def folder(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project folder whose environment is that of this process, which is elsewhere."""
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    return project


def test_a_plan_is_applied_with_its_events(folder: Folder) -> None:
    folder.hcl(thing("a", value="1") + 'output "o" {\n value = bench.a.echo\n}\n')
    project = Project(folder.root)
    plan = project.plan()
    assert [(item.address, item.action) for item in plan.operations] == [("bench.a", Action.CREATE)]
    assert project.state() is None
    events = list(project.apply(plan))
    assert [item.address for item in events if isinstance(item, Started)] == ["bench.a"]
    assert [item.action for item in events if isinstance(item, Finished)] == ["create"]
    last = events[-1]
    assert isinstance(last, Concluded)
    assert (last.added, last.outputs["o"].value) == (1, "1")
    assert not project.plan().has_differences
    state = project.state()
    assert state is not None
    assert state.applied is not None
    assert state.applied.plan == plan.id


def test_the_result_alone_will_do(folder: Folder) -> None:
    folder.hcl(thing("a") + thing("b", fail="before"))
    project = Project(folder.root)
    result = project.apply(project.plan()).result()
    assert (result.added, [str(item.address) for item in result.failures]) == (1, ["bench.b"])


def test_variables_are_values(folder: Folder, tmp_path: Path) -> None:
    text = 'bench "thing" "a" {\n value = "${var.n}"\n options = var.tags\n}\n'
    folder.hcl(VARIABLES + text)
    with pytest.raises(ConfigError):
        Project(folder.root).plan()
    file = tmp_path / "more.amlvars"
    file.write_text("n = 1\n")
    given = {"tags": {"who": 'said "x"'}}
    plan = Project(folder.root, variables=given, variable_files=[file]).plan()
    after = plan.operations[0].after
    assert after is not None
    assert (after["value"], after["options"]) == ("1", {"who": 'said "x"'})
    project = Project(folder.root, variables={**given, "n": 2})
    project.apply(project.plan()).result()
    assert not project.plan().has_differences


def test_texts_of_variables_are_no_templates(folder: Folder) -> None:
    folder.hcl('variable "any" {}\nbench "thing" "a" {\n options = var.any\n}\n')
    given = {"k": "100%{", "l": "$${y}", "m": "${z}"}
    plan = Project(folder.root, variables={"any": given}).plan()
    assert plan.operations[0].after is not None
    assert plan.operations[0].after["options"] == given
    with pytest.raises(ConfigError):
        Project(folder.root, variables={"any": given, "other": 1}).plan()


def test_a_plan_that_was_edited_is_refused(folder: Folder) -> None:
    folder.hcl(thing("a"))
    project = Project(folder.root)
    plan = project.plan()
    with pytest.raises(StalePlanError):
        project.apply(plan.model_copy(update={"unchanged": 7}))
    with pytest.raises(ValueError, match="parallelism"):
        project.apply(plan, parallelism=0)
    with pytest.raises(PlanError, match="destroy"):
        project.plan(PlanOptions(refresh=Refresh.ONLY), destroy=True)
    with pytest.raises(ValidationError):
        PlanOptions.model_validate({"exclude": ("bench.a",)})


def test_options_are_those_of_the_command(folder: Folder) -> None:
    folder.hcl(thing("a") + thing("b"))
    project = Project(folder.root)
    only = project.plan(PlanOptions(targets=("bench.a",)))
    assert [item.address for item in only.operations] == ["bench.a"]
    project.apply(only).result()
    with pytest.raises(UnknownAddressError):
        project.plan(PlanOptions(replace=("bench.c",)))
    assert project.plan(PlanOptions(refresh=Refresh.ONLY)).mode == "refresh"
    gone = project.plan(destroy=True)
    project.apply(gone).result()
    assert World(folder.world).alive() == []


def test_a_plan_goes_to_the_command_and_comes_from_it(folder: Folder) -> None:
    folder.hcl(thing("a"))
    project = Project(folder.root)
    folder.write("it.plan", project.plan().model_dump_json())
    folder.run("apply", "it.plan")
    folder.hcl(thing("a", value="2"))
    folder.run("plan", "-out=it.plan")
    project.apply(read_plan(folder.root / "it.plan")).result()
    assert "No changes." in folder.run("plan").out


def test_a_plan_that_does_not_hold_is_refused_and_makes_no_state(folder: Folder) -> None:
    folder.hcl(thing("a"))
    project = Project(folder.root)
    plan = project.plan()
    folder.hcl(thing("a", value="other"))
    application = project.apply(plan)
    with pytest.raises(StalePlanError):
        application.result()
    with pytest.raises(StalePlanError):
        list(application)
    assert project.state() is None


@contextmanager
def locked(folder: Folder) -> Iterator[None]:
    with LocalBackend(folder.root, {}, "0").open(HOLDER, timeout=0.0, waiting=silent):
        yield


def test_a_held_lock_is_an_error(folder: Folder) -> None:
    folder.hcl(thing("a"))
    project = Project(folder.root)
    project.apply(project.plan()).result()
    folder.hcl(thing("a", value="2"))
    plan = project.plan()
    with locked(folder), pytest.raises(LockedError):
        project.apply(plan).result()
    project.apply(plan).result()


def test_what_is_cancelled_goes_on_with_the_same_plan(folder: Folder) -> None:
    text = thing("a", seconds=20, steps=1) + 'bench "thing" "b" {\n value = bench.a.id\n}\n'
    folder.hcl(text)
    project = Project(folder.root)
    plan = project.plan()
    application = project.apply(plan)
    for event in application:
        if isinstance(event, Started):
            application.cancel()
    result = application.result()
    assert result.interrupted
    assert result.added == 0
    plan = project.plan()
    assert {item.address for item in plan.operations} == {"bench.a", "bench.b"}


def test_drift_is_a_report(folder: Folder) -> None:
    folder.hcl(thing("a"))
    project = Project(folder.root)
    project.apply(project.plan()).result()
    assert not project.drift().has_drift
    world = World(folder.world)
    [item] = world.alive()
    world.put(item["identity"], {**item, "value": "other"})
    report = project.drift()
    assert [item.address for item in report.drift] == ["bench.a"]
