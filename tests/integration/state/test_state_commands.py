"""`amlplan state` as tools and people in trouble use it; objects are never touched."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World

from state_support import HOLDER, backend, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.project import Project

STATE = "amlplan.state.json"
HCL = """
bench "thing" "base" {}
bench "thing" "leans" {
  value = bench.base.id
}
workspace "main" {}
datastore "local" "raw" {
  workspace         = workspace.main
  path              = "data"
  create_if_missing = true
}
"""


@pytest.fixture
def applied(project: Project) -> Project:
    """A project of four objects, applied."""
    project.hcl(HCL)
    project.apply()
    return project


def told(project: Project, *arguments: str, code: int = 0) -> Any:
    """What a command prints for machines."""
    return json.loads(project.run("state", *arguments, "-json", code=code).out)


def files(project: Project) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in project.root.glob(f"{STATE}*") if path.is_file()
    }


def objects(project: Project) -> dict[str, Any]:
    return World(project.world).objects()


LOOKING = """
import sys, time
from pathlib import Path
from state_support import backend
kept = backend(Path(sys.argv[1]))
print("looks", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end:
    kept.lock_status()
"""
EDITS = [
    ["unprotect", "bench.base", "-reason=why"],
    ["mv", "bench.base", "bench.root"],
    ["rm", "bench.leans"],
]


@contextmanager
def killed_apply(project: Project, more: str) -> Iterator[subprocess.Popen[bytes]]:
    """An apply that is at work on what comes to the configuration, and is killed in the end."""
    project.hcl(HCL + more)
    process = subprocess.Popen(
        project.command("apply", "-auto-approve"),
        cwd=project.root,
        env=project.process_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 60
        while not (project.root / f"{STATE}.journal").read_bytes() and time.monotonic() < end:
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_dry_run_writes_nothing_and_says_what_the_command_says(project: Project) -> None:
    project.hcl(HCL.replace('"base" {}', '"base" {\n  lifecycle {\n prevent_destroy = true\n}\n}'))
    project.apply()
    world = objects(project)
    for edit in EDITS:
        before = files(project)
        dry = told(project, *edit, "-dry-run")
        assert files(project) == before
        real = told(project, *edit)
        assert files(project) != before
        assert real.pop("serial") == dry.pop("serial") + 1
        assert (dry.pop("dry_run"), real.pop("dry_run")) == (True, False)
        assert dry == real
    assert objects(project) == world


def test_moving_a_module_that_the_configuration_moved_too_changes_nothing(
    applied: Project,
) -> None:
    applied.write("store/main.hcl", HCL)
    applied.hcl('module "store" {\n  source = "./store"\n}\n')
    for name in ("bench.base", "bench.leans", "workspace.main", "datastore.raw"):
        applied.run("state", "mv", name, f"module.store.{name}")
    assert "No changes." in applied.run("plan", "-detailed-exitcode").out
    applied.run("state", "mv", "module.store", "module.other")
    applied.run("state", "mv", "module.other", "module.store")
    assert "No changes." in applied.run("plan", "-detailed-exitcode").out
    told(applied, "verify")


def test_what_is_let_go_of_stays_and_is_nobodys(applied: Project) -> None:
    world = objects(applied)
    gone = told(applied, "rm", "bench.base", "bench.leans")["forgotten"]
    assert [item["address"] for item in gone] == ["bench.leans", "bench.base"]
    assert gone[1]["id"] == "bench.base/1"
    assert objects(applied) == world
    applied.hcl(HCL.partition("workspace")[1] + HCL.partition("workspace")[2])
    assert "No changes." in applied.run("plan", "-detailed-exitcode").out
    assert told(applied, "history")["snapshots"][0]["changes"]["forgotten"] == [
        "bench.base",
        "bench.leans",
    ]


def test_an_interrupted_apply_is_finished_before_anything_is_edited(applied: Project) -> None:
    with killed_apply(applied, 'bench "thing" "more" {\n  seconds = 60\n}\n'):
        pass
    problems = told(applied, "verify", code=15)["problems"]
    assert [item["address"] for item in problems] == ["bench.more"]
    assert "amlplan apply" in problems[0]["detail"]
    shown = told(applied, "history")["journal"]
    assert shown["pending"] == ["bench.more"]
    assert "without outcome" in applied.run("state", "history").out
    result = applied.run("state", "mv", "bench.base", "bench.more", code=15)
    assert "amlplan apply" in result.err
    document = json.loads(applied.run("state", "pull").out)
    assert list(document["pending"]) == ["bench.more"]
    applied.run("state", "mv", "bench.leans", "bench.other")
    applied.run("state", "mv", "bench.other", "bench.leans")
    applied.hcl(HCL + 'bench "thing" "more" {}\n')
    applied.apply()
    assert told(applied, "verify")["valid"]


def test_what_is_pulled_is_the_state_and_can_be_pushed_elsewhere(applied: Project) -> None:
    pulled = applied.run("state", "pull").out
    assert pulled == (applied.root / STATE).read_text()
    applied.write("pulled.json", pulled)
    applied.environment["AMLPLAN_STATE"] = "elsewhere.json"
    for command in (["state", "list"], ["plan"], ["output"], ["state", "verify"]):
        result = applied.run(*command, code=15)
        assert "is configured elsewhere" in result.err
        assert f"AMLPLAN_STATE={applied.root / STATE} amlplan state pull" in result.err
    applied.run("state", "push", "pulled.json")
    assert "No changes." in applied.run("plan", "-detailed-exitcode").out
    assert (applied.root / STATE).read_text() == pulled


def test_push_refuses_by_lineage_and_serial(applied: Project, tmp_path: Path) -> None:
    applied.write("pulled.json", applied.run("state", "pull").out)
    before = files(applied)
    assert "not newer" in applied.run("state", "push", "pulled.json", code=15).err
    other = tmp_path / "other"
    other.mkdir()
    with backend(other).open(HOLDER, timeout=0, waiting=silent):
        pass
    assert "another lineage" in applied.run("state", "push", str(other / "state.json"), code=15).err
    assert "cannot be read" in applied.run("state", "push", "nothing.json", code=15).err
    applied.write("bad.json", applied.run("state", "pull").out.replace("base", "bose"))
    for force in ([], ["-force"]):
        result = applied.run("state", "push", *force, "bad.json", code=15)
        assert "changed by hand" in result.err
    assert files(applied) == before


def test_a_state_with_problems_is_pushed_by_force_only(applied: Project) -> None:
    state = backend(applied.root, path=STATE).reader().read()
    assert state is not None
    records = {name: item for name, item in state.records.items() if name != "bench.base"}
    broken = state.model_copy(update={"records": records, "serial": 9})
    kept = backend(applied.root, path=STATE)
    (applied.root / "broken.json").write_bytes(kept.document(broken))
    result = applied.run("state", "push", "broken.json", code=15)
    assert "bench.leans depends on bench.base, which is not in the state" in result.err
    applied.run("state", "push", "-force", "broken.json")
    problems = told(applied, "verify", code=15)["problems"]
    assert {item["address"] for item in problems} == {"bench.leans"}
    applied.run("state", "push", f"{STATE}.history/00000002.json", "-force")
    assert told(applied, "verify")["valid"]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "edited": lambda path: path.write_text(path.read_text().replace("round", "square")),
    "foreign": lambda path: path.write_text('{"version": 4, "terraform_version": "1.11.4"}'),
    "vanished": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_command_in_the_error_restores_the_newest_good_copy(
    applied: Project, damage: str
) -> None:
    applied.hcl(HCL + 'bench "thing" "more" {}\n')
    applied.apply()
    world = objects(applied)
    DAMAGE[damage](applied.root / STATE)
    before = files(applied)
    for command in (["plan"], ["apply", "-auto-approve"], ["drift"], ["state", "list"]):
        result = applied.run(*command, code=15)
        assert f"{STATE}.history/00000002.json (serial 2, 4 resources)" in result.err
        assert files(applied) == {**before, f"{STATE}.lock": b""}
    told(applied, "verify", code=15)
    named = re.search(r"amlplan (state push (?:-force )?\S+)", result.err)
    assert named is not None
    applied.run(*shlex.split(named[1]))
    assert objects(applied) == world
    assert told(applied, "verify")["valid"]
    # What the last apply made is not in the copy; it is adopted by its identity, not made twice.
    applied.apply()
    assert objects(applied).keys() == world.keys()
    if damage != "vanished":
        assert (applied.root / f"{STATE}.aside").read_bytes() == before[STATE]


def test_history_tells_what_each_apply_did(applied: Project) -> None:
    applied.hcl(HCL.replace('"base" {}', '"base" {\n  shape = "flat"\n}'))
    applied.apply()
    applied.hcl('workspace "main" {\n  owners = ["user:ana"]\n}\n')
    applied.apply()
    newest, replaced, first, empty = told(applied, "history")["snapshots"]
    assert newest["changes"]["destroyed"] == ["bench.base", "bench.leans", "datastore.raw"]
    assert newest["changes"]["changed"] == ["workspace.main"]
    assert replaced["changes"]["replaced"] == ["bench.base"]
    assert replaced["changes"]["changed"] == ["bench.leans"]
    assert len(first["changes"]["added"]) == 4
    assert empty["changes"]["added"] == []
    assert [item["command"] for item in (newest, first, empty)] == ["apply", "apply", "first state"]
    assert newest["by"]
    assert newest["complete"]
    assert [item["serial"] for item in told(applied, "history", "-limit=2")["snapshots"]] == [4, 3]
    assert told(applied, "history", "3") == replaced
    applied.run("state", "show", "bench.base", code=1)
    assert '"flat"' in applied.run("state", "show", "bench.base", "-serial=3").out
    assert "Kept are: 4, 3, 2, 1" in applied.run("state", "show", "x.y", "-serial=7", code=1).err


def test_an_earlier_snapshot_that_is_damaged_is_told_by_name(applied: Project) -> None:
    applied.hcl("")
    applied.apply()
    copy = applied.root / f"{STATE}.history" / "00000002.json"
    copy.write_bytes(copy.read_bytes()[:-4])
    shown = told(applied, "verify", code=15)
    assert str(copy) in shown["problems"][0]["detail"]
    assert [item["valid"] for item in shown["snapshots"]] == [True, False, True]
    entries = told(applied, "history")["snapshots"]
    assert [item["changes"] is None for item in entries] == [True, True, False]
    assert entries[1]["problem"]
    applied.run("plan")


def test_the_lock_is_told_and_never_broken(applied: Project) -> None:
    assert told(applied, "lock-status") == {"locked": False, "holder": None}
    assert "nothing to unlock" in applied.run("state", "unlock").out
    with killed_apply(applied, 'bench "thing" "slow" {\n  seconds = 60\n}\n') as process:
        for _ in range(30):
            status = told(applied, "lock-status")
            assert status["locked"]
            assert status["holder"]["pid"] == process.pid
        assert "Nobody" not in applied.run("state", "lock-status").out
        result = applied.run("state", "unlock", code=14)
        assert f"kill {process.pid}" in result.err
        assert told(applied, "unlock", code=14)["locked"]
        assert told(applied, "verify")["under_way"] == ["bench.slow"]
        assert "locked" in applied.run("state", "rm", "bench.leans", code=14).err
        assert process.poll() is None
        (applied.root / f"{STATE}.lock").unlink()
        assert told(applied, "lock-status") == {"locked": True, "holder": None}
    assert told(applied, "lock-status") == {"locked": False, "holder": None}


def test_looking_at_the_lock_never_refuses_a_writer(tmp_path: Path) -> None:
    kept = backend(tmp_path)
    with kept.open(HOLDER, timeout=0, waiting=silent):
        pass
    looking = subprocess.Popen(
        [sys.executable, "-c", LOOKING, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert looking.stdout is not None
        assert looking.stdout.readline() == "looks\n"
        for _ in range(200):
            with kept.open(HOLDER, timeout=1, waiting=silent):
                pass
    finally:
        looking.kill()
        looking.communicate()


def test_protection_outlives_its_block_until_it_is_lifted_with_a_reason(project: Project) -> None:
    block = 'bench "thing" "base" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'
    project.hcl(block)
    project.apply()
    blocked = project.run("destroy", "-auto-approve", code=12).out
    assert "apply it with prevent_destroy = false" in blocked
    project.hcl("")
    step = "amlplan state unprotect bench.base -reason=TEXT"
    assert step in project.run("plan").out
    assert step in project.run("destroy", "-auto-approve", code=12).out
    project.run("state", "unprotect", "bench.base", code=1)
    project.run("state", "unprotect", "bench.base", "-reason=", code=1)
    project.run("state", "unprotect", "bench.base", "-reason=it is old")
    changes = told(project, "history")["snapshots"][0]["changes"]
    assert changes["unprotected"] == {"bench.base": "it is old"}
    assert (
        "not protected" in project.run("state", "unprotect", "bench.base", "-reason=x", code=1).err
    )
    # Where the block is there still, its own word counts again.
    project.hcl(block)
    project.apply()
    project.hcl("")
    assert step in project.run("plan").out
    project.run("state", "unprotect", "bench.base", "-reason=it is old")
    project.apply()
    assert objects(project) == {}
