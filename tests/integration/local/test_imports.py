"""Local objects that are taken over after their state was lost, and targets that became others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan_local import identity
from amlplan_state.local import LocalBackend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_schemas.state import State
    from harness.project import Project

TEXT = """
workspace "lab" {
  readers = ["group:audit"]
}

datastore "local" "d" {
  path              = "data"
  create_if_missing = true
}

compute "local" "c" {}

model "m" {
  source    = "model.bin"
  framework = "scikit-learn"
  aliases = {
    prod = "this"
  }
}
"""


def state_of(project: Project) -> State:
    state = LocalBackend(project.root, {}, "0").reader().read()
    assert state is not None
    return state


@pytest.fixture
def lost(project: Project) -> State:
    """The state of an applied project, which is then lost."""
    project.hcl(TEXT)
    project.write("model.bin", "one")
    project.apply()
    state = state_of(project)
    for path in project.root.glob("amlplan.state.json*"):
        path.rename(project.root.parent / path.name)
    return state


def ids(lost: State) -> dict[str, str]:
    outputs = {address: record.outputs.values for address, record in lost.records.items()}
    return {
        "workspace.lab": outputs["workspace.lab"]["id"],
        "datastore.d": outputs["datastore.d"]["uri"],
        "compute.c": outputs["compute.c"]["identity"],
        "model.m": outputs["model.m"]["id"],
    }


def test_a_lost_state_is_imported_back(project: Project, lost: State) -> None:
    for address, object_id in ids(lost).items():
        project.run("import", address, object_id)
    assert "No changes." in project.run("plan", "-detailed-exitcode").out
    again = state_of(project).records
    assert again["workspace.lab"].identity == lost.records["workspace.lab"].identity
    assert again["model.m"].outputs == lost.records["model.m"].outputs
    assert "No drift." in project.run("drift").out


def test_import_blocks_take_over_what_they_depend_on_too(project: Project, lost: State) -> None:
    blocks = [
        f'import {{\n  to = {address}\n  id = "{object_id}"\n}}\n'
        for address, object_id in ids(lost).items()
    ]
    project.hcl(TEXT + "".join(blocks))
    first = project.run("apply", "-auto-approve")
    assert "4 imported, 0 added, 0 changed, 0 destroyed" in first.out
    assert "No changes." in project.run("plan").out


def test_what_an_import_finds_otherwise_is_changed(project: Project, lost: State) -> None:
    project.run("import", "workspace.lab", ids(lost)["workspace.lab"])
    project.hcl(TEXT.replace("group:audit", "group:others"))
    project.write("model.bin", "two")
    result = project.run("import", "model.m", ids(lost)["model.m"])
    assert "1 imported" in result.out
    plan = project.run("plan").out
    assert "v1 -> v2" in plan
    assert "readers changed" in plan


@pytest.mark.parametrize(
    ("address", "object_id"),
    [("workspace.lab", "nowhere"), ("datastore.d", "no/such"), ("compute.c", "host:other")],
)
def test_what_is_not_there_is_not_imported(
    project: Project, lost: State, address: str, object_id: str
) -> None:
    del lost
    if address != "workspace.lab":
        project.run("apply", "-auto-approve", "-target=workspace.lab")
    assert f'"{object_id}"' in project.run("import", address, object_id, code=10).err


def test_what_its_workspace_is_missing_for_waits(project: Project, lost: State) -> None:
    result = project.run("import", "model.m", ids(lost)["model.m"], code=12)
    assert "its import needs workspace.lab, which is not there yet" in result.out
    assert LocalBackend(project.root, {}, "0").reader().read() is None


@pytest.fixture
def other_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """This host as it is after its identity changed, as a machine that was installed anew."""
    fresh = tmp_path / "machine-id"
    fresh.write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setattr(identity, "MACHINE_ID_FILES", (fresh,))
    identity.machine_id.cache_clear()
    yield
    identity.machine_id.cache_clear()


def test_another_identity_is_unreachable_until_it_is_accepted(
    project: Project, request: pytest.FixtureRequest
) -> None:
    project.hcl(TEXT)
    project.write("model.bin", "one")
    project.apply()
    before = state_of(project)
    request.getfixturevalue("other_host")
    plan = project.run("plan").out
    assert "recorded on another host or by another user" in plan
    names = ("workspace.lab", "datastore.d", "compute.c")
    accept = [f"-accept-identity={name}" for name in names]
    plan = project.run("plan", *accept).out
    assert "compute.c will be recorded as it is now" in plan
    assert "Plan: 0 to add, 0 to change, 0 to destroy." in plan
    project.run("apply", "-auto-approve", *accept)
    assert "No changes." in project.run("plan").out
    after = state_of(project)
    assert after.records.keys() == before.records.keys()
    for name in names:
        assert after.records[name].identity == before.records[name].identity
        assert after.records[name].outputs != before.records[name].outputs


def test_an_identity_is_accepted_together_with_a_change(
    project: Project, request: pytest.FixtureRequest
) -> None:
    project.hcl(TEXT)
    project.write("model.bin", "one")
    project.apply()
    request.getfixturevalue("other_host")
    project.hcl(TEXT.replace("group:audit", "group:others"))
    names = ("workspace.lab", "datastore.d", "compute.c")
    project.run("apply", "-auto-approve", *(f"-accept-identity={name}" for name in names))
    assert "No changes." in project.run("plan").out
