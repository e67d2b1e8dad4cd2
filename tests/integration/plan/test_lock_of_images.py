"""What images are locked to: in several steps, upgraded by block or by the image's reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from amlplan.config.check import Checked
from amlplan.planning.want import referred_blocks
from amlplan.values import ResourceValue
from harness.fake_engines import FakeEngines

if TYPE_CHECKING:
    from harness.project import Project

BLOCKS = """
compute "fake" "box" {}
image "scorer" {
  entry_script = "score.py"
  environment  = environment.py
  builder      = compute.box
}
"""


@pytest.fixture
def engines(project: Project) -> FakeEngines:
    found = FakeEngines(project)
    found.start("engine", "e1", base="base 1")
    found.hcl(BLOCKS)
    return found


def locked(project: Project) -> dict[str, Any]:
    entries = json.loads((project.root / "amlplan.lock").read_text())["entries"].values()
    assert len({item["type"] for item in entries}) == len(entries)
    return {item["type"]: item["resolved"] for item in entries}


def test_an_answer_leads_to_the_next_question(engines: FakeEngines) -> None:
    project = engines.project
    failure = project.run("plan", code=10).err
    assert "needs its fake base resolved" in failure
    project.run("lock")
    found = locked(project)
    assert found["fake base"] == {"digest": "base 1"}
    assert found["fake layers"]["layers"]["base"] == "base 1"
    assert "has everything already" in project.run("lock").out
    project.apply()


@pytest.mark.parametrize("name", ["image.scorer", "fake:1"])
def test_a_base_that_moved_is_taken_by_an_upgrade_alone(engines: FakeEngines, name: str) -> None:
    project = engines.project
    project.run("lock")
    project.apply()
    engines.start("engine", "e1", base="base 2")
    project.run("lock")
    assert locked(project)["fake base"] == {"digest": "base 1"}
    assert "No changes." in project.run("plan").out
    project.run("lock", "-upgrade", name)
    found = locked(project)
    assert found["fake base"] == {"digest": "base 2"}
    assert found["fake layers"]["layers"]["base"] == "base 2"
    assert "Plan: 0 to add, 1 to change" in project.run("plan").out


def test_a_name_of_neither_is_refused(engines: FakeEngines) -> None:
    assert (
        "There is no block fake:2" in engines.project.run("lock", "-upgrade", "fake:2", code=1).err
    )


def test_what_refers_to_a_block_sees_its_answers() -> None:
    value = ResourceValue(
        {}, address="environment.py", kind="environment", identity="i", lock={"key": {"a": 1}}
    )
    referred = referred_blocks(Checked({}, referred={"environment": value}))
    assert referred["environment"].lock == {"key": {"a": 1}}
