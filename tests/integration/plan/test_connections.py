"""Connections are personal: no plan comes of one, the last is remembered, targets are known."""

from __future__ import annotations

import io
import json
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from harness.fake_engines import FakeEngines

if TYPE_CHECKING:
    from harness.project import Project

BOX = """
variable "host" { default = "engine" }
compute "fake" "box" {
  connection {
    host     = var.host
    password = env_secret("BOX_PASSWORD")
  }
}
"""
IMAGE = """
image "scorer" {
  entry_script = "score.py"
  environment  = environment.py
  builder      = compute.box
}
"""
DEPLOYMENT = """
deployment "prod" {
  image  = image.scorer
  target = compute.box
}
"""
NO_CHANGES = "No changes."


@pytest.fixture
def engines(project: Project) -> FakeEngines:
    project.environment["BOX_PASSWORD"] = "open sesame"
    found = FakeEngines(project)
    found.start("engine", "e1")
    found.hcl(BOX, IMAGE, DEPLOYMENT)
    project.run("lock")
    project.apply()
    return found


def state_text(project: Project) -> str:
    return (project.root / "amlplan.state.json").read_text()


def connection_of(project: Project) -> dict[str, object]:
    record = json.loads(state_text(project))["records"]["compute.box"]
    assert "connection" not in record["inputs"]["values"]
    found: dict[str, object] = record["connection"]["values"]["connection"]
    return found


def test_another_way_to_the_same_engine_is_no_change(engines: FakeEngines) -> None:
    project = engines.project
    engines.move("engine", "elsewhere")
    assert NO_CHANGES in project.run("plan", "-var=host=elsewhere").out
    assert "No drift" in project.run("drift", "-var=host=elsewhere").out
    lost = project.run("plan").out
    assert "compute.box" in lost
    assert "engine: nothing" in lost


def test_a_file_of_my_own_says_how_i_reach_a_target(engines: FakeEngines) -> None:
    project = engines.project
    engines.move("engine", "mine")
    project.write("connections.amlvars", 'host = "mine"\n')
    assert NO_CHANGES in project.run("plan").out
    assert project.run("deployment", "logs", "prod").out == "mine\n"
    assert project.run("deployment", "score", "prod", "-data={}").out == "mine\n"
    assert connection_of(project)["host"] == "engine"


def test_the_console_tells_how_a_target_was_reached(
    engines: FakeEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("compute.box.connection.host\n"))
    assert engines.project.run("console").out == '"engine"\n'


def test_an_apply_remembers_how_it_reached_its_targets(engines: FakeEngines) -> None:
    project = engines.project
    engines.move("engine", "later")
    assert NO_CHANGES in project.run("apply", "-auto-approve", "-var=host=later").out
    assert connection_of(project)["host"] == "later"
    engines.hcl()
    assert NO_CHANGES not in project.run("apply", "-auto-approve").out
    assert engines.notes()[-3:] == [
        "remove deployment.prod/1 on e1",
        "remove image.scorer/1 on e1",
        "detach compute.box from e1",
    ]


def test_a_secret_of_a_connection_is_kept_as_a_reference(engines: FakeEngines) -> None:
    assert "attach compute.box to e1 with open sesame" in engines.notes()
    text = state_text(engines.project)
    assert "open sesame" not in text
    secrets = json.loads(text)["records"]["compute.box"]["connection"]["secrets"]
    assert secrets["/connection/password"]["argument"] == "BOX_PASSWORD"
    assert secrets["/connection/password"]["digest"] is None


def test_a_saved_plan_is_applied_over_the_connection_of_who_applies_it(
    engines: FakeEngines,
) -> None:
    project = engines.project
    more = BOX.replace("connection {", "size = 2\n  connection {")
    engines.hcl(more, IMAGE, DEPLOYMENT)
    project.write("connections.amlvars", 'host = "engine"\n')
    project.run("plan", "-out=it.plan")
    engines.move("engine", "theirs")
    project.write("connections.amlvars", 'host = "theirs"\n')
    project.run("apply", "it.plan")
    assert connection_of(project)["host"] == "theirs"


def test_another_engine_behind_the_same_address_is_never_taken_for_it(
    engines: FakeEngines,
) -> None:
    project = engines.project
    engines.move("engine", "old")
    engines.start("engine", "e2")
    result = project.run("plan")
    assert "# deployment.prod: compute.box: recorded on e1, and engine is e2" in result.out
    assert "# image.scorer: compute.box: recorded on e1, and engine is e2" in result.out
    assert result.out.count("-accept-identity=compute.box, to have it") == 3
    assert "-forget=image.scorer" in result.out
    assert "will be" not in result.out
    assert project.run("apply", "-auto-approve", code=12).code
    engines.notes()

    accepted = ["-accept-identity=compute.box", "-forget=image.scorer", "-forget=deployment.prod"]
    result = project.run("plan", *accepted)
    assert "Plan: 2 to add" in result.out
    project.run("apply", "-auto-approve", *accepted)
    assert NO_CHANGES in project.run("plan").out
    assert engines.notes() == ["make image.scorer/3 on e2", "make deployment.prod/3 on e2"]


def test_what_was_on_another_engine_can_be_let_go_of(engines: FakeEngines) -> None:
    project = engines.project
    engines.move("engine", "old")
    engines.start("engine", "e2")
    every = ["-forget=compute.box", "-forget=image.scorer", "-forget=deployment.prod"]
    project.run("apply", "-auto-approve", *every)
    assert NO_CHANGES in project.run("plan").out


def test_a_new_network_replaces_what_stands_on_the_target(engines: FakeEngines) -> None:
    project = engines.project
    engines.notes()
    engines.hcl(BOX.replace("connection {", 'network = "other"\n  connection {'), IMAGE, DEPLOYMENT)
    project.apply()
    assert [line.partition("/")[0] for line in engines.notes()] == [
        "remove deployment.prod",
        "remove image.scorer",
        "detach compute.box from e1",
        "attach compute.box to e1 with open sesame",
        "make image.scorer",
        "make deployment.prod",
    ]


def test_a_target_is_imported_over_the_connection_of_its_block(project: Project) -> None:
    engines = FakeEngines(project)
    engines.start("far", "e9")
    box = 'compute "fake" "box" {\n  connection {\n    host = "far"\n  }\n}'
    engines.hcl(box)
    project.apply("-target=workspace.main")
    engines.hcl(box, 'import {\n  to = compute.box\n  id = "e9"\n}')
    project.run("plan", "-out=it.plan")
    assert '"far"' not in (project.root / "it.plan").read_text()
    project.run("apply", "it.plan")
    assert connection_of(project)["host"] == "far"
    assert NO_CHANGES in project.run("apply", "-auto-approve", "-target=compute.box").out


def test_what_was_interrupted_is_settled_over_the_connection_of_now(engines: FakeEngines) -> None:
    project = engines.project
    bigger = BOX.replace("connection {", "size = 2\n  connection {")
    engines.hcl(bigger, IMAGE, DEPLOYMENT)
    project.environment["AMLPLAN_FAKE_DIES"] = "compute.box"
    died = subprocess.run(
        project.command("apply", "-auto-approve"),
        cwd=project.root,
        env=project.process_environment(),
        capture_output=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died
    del project.environment["AMLPLAN_FAKE_DIES"]
    engines.move("engine", "later")
    result = project.run("apply", "-auto-approve", "-var=host=later")
    assert "its update goes on" in result.out
    assert NO_CHANGES in project.run("plan", "-var=host=later").out


def test_a_mistake_in_a_connection_is_told_where_it_is(engines: FakeEngines) -> None:
    engines.hcl(BOX.replace("host     =", "hots     ="), IMAGE)
    failure = engines.project.run("plan", code=10).err
    assert 'Did you mean "host"?' in failure
