"""Nothing is left of runs in containers, whatever ends."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from container_workbench import PATIENCE, WAIT
from local_workbench import wait_until

if TYPE_CHECKING:
    from container_workbench import ContainerRuns
    from engine_proxy import EngineProxy

POLITE = """
import signal, sys, time
def tidy(*_):
    open("outputs/tidied", "w").close()
    sys.exit(0)
signal.signal(signal.SIGTERM, tidy)
print("ready", flush=True)
time.sleep(600)
"""


def test_the_next_command_ends_what_a_killed_host_left(boxed: ContainerRuns) -> None:
    boxed.script(POLITE)
    boxed.run("run", "train", "-detach")
    folder = boxed.await_output()
    boxed.kill_all_of(folder, "guard", "script", "mark")
    assert [each.state for each in boxed.containers] == ["running"]
    (run,) = boxed.json("runs", "list")["runs"]
    assert (run["status"], run["reason"]) == ("Failed", "its supervisor was ended")
    assert boxed.containers == []
    assert "outputs/tidied" in boxed.last().outputs


@pytest.mark.slow
def test_a_script_that_ended_while_nobody_looked_is_taken_at_its_word(
    boxed: ContainerRuns,
) -> None:
    boxed.script(
        "import time, os\nimport amlplan_run\nprint('ready', flush=True)\n"
        "while not os.path.exists('/tmp/go'):\n    time.sleep(0.05)\n"
        "amlplan_run.log('late', 1)\nopen('outputs/late', 'w').close()\n"
    )
    boxed.run("run", "train", "-detach")
    folder = boxed.await_output()
    boxed.kill_all_of(folder, "guard", "script", "mark")
    (container,) = boxed.containers
    boxed.engine.execute(container.id, ["touch", "/tmp/go"])
    assert wait_until(lambda: not any(it.is_running for it in boxed.containers), PATIENCE)
    (run,) = boxed.json("runs", "list")["runs"]
    assert run["status"] == "Completed"
    assert list(boxed.last().metrics) == ["late"]
    assert "outputs/late" in boxed.last().outputs
    assert boxed.containers == []


@pytest.mark.slow
def test_a_killed_supervisor_or_carrier_leaves_nothing(boxed: ContainerRuns) -> None:
    boxed.script(WAIT)
    for killed, told in (("mark", "its supervisor was ended"), ("script", "was ended")):
        boxed.run("run", "train", "-detach")
        (folder,) = [it for it in boxed.folders() if not (it / "container.brought").exists()]
        assert wait_until(lambda: "ready" in (folder / "log.txt").read_text(), PATIENCE)  # noqa: B023
        boxed.kill_all_of(folder, killed)
        if killed == "script":
            boxed.await_ended(folder)
        runs = boxed.json("runs", "list")["runs"]
        assert runs[0]["status"] == "Failed"
        assert told in runs[0]["reason"]
        assert boxed.containers == []


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "removed"])
def test_a_container_that_is_ended_from_outside_is_told(boxed: ContainerRuns, how: str) -> None:
    boxed.script(WAIT)
    boxed.run("run", "train", "-detach")
    folder = boxed.await_output()
    (container,) = boxed.containers
    if how == "killed":
        boxed.engine.kill(container.id)
    else:
        boxed.engine.remove_container(container.id, force=True)
    told = boxed.await_ended(folder)
    assert told["status"] == "Failed"
    assert told["reason"].startswith(("its container was ended", "its container was removed"))
    assert wait_until(lambda: boxed.containers == [], PATIENCE)


def test_a_run_goes_on_while_its_engine_is_out_of_reach(
    remote: ContainerRuns, proxy: EngineProxy
) -> None:
    remote.script(
        "import os, time\nimport amlplan_run\nprint('ready', flush=True)\nnumber = 0\n"
        "while not os.path.exists('/tmp/go'):\n    time.sleep(0.05)\n    number += 1\n"
        "    print('number %d' % number, flush=True)\n"
        "amlplan_run.log('last', number)\n"
    )
    remote.run("run", "train", "-detach")
    folder = remote.await_output()
    proxy.cut()
    assert wait_until((folder / "away").exists, PATIENCE)
    (run,) = remote.json("runs", "list")["runs"]
    assert run["status"] == "NotResponding"
    assert "nothing listens there" in run["reason"]
    (container,) = remote.containers
    remote.engine.execute(container.id, ["touch", "/tmp/go"])
    proxy.mend()
    assert remote.await_ended(folder)["status"] == "Completed"
    (run,) = remote.json("runs", "list")["runs"]
    assert run["status"] == "Completed"
    (last,) = remote.last().metrics.values()
    numbers = [
        line for line in (folder / "log.txt").read_text().splitlines() if line.startswith("number")
    ]
    assert numbers == [f"number {number}" for number in range(1, len(numbers) + 1)]
    assert last.last.value == len(numbers)
    assert remote.containers == []


@pytest.mark.slow
def test_what_is_left_behind_is_found_and_removed(boxed: ContainerRuns) -> None:
    boxed.script(WAIT)
    boxed.run("run", "train", "-detach")
    folder = boxed.await_output()
    assert boxed.json("runs", "gc", "-dry-run")["containers"] == []
    boxed.kill_all_of(folder, "guard", "script", "mark")
    shutil.rmtree(folder)
    (left,) = boxed.json("runs", "gc", "-dry-run")["containers"]
    assert left["why"] == "the folder of its run was removed"
    assert len(boxed.containers) == 1
    assert "Cleared away: 1 container" in boxed.run("runs", "gc", "-auto-approve").out
    assert boxed.containers == []


@pytest.mark.slow
def test_a_removed_folder_ends_the_container_too(boxed: ContainerRuns) -> None:
    boxed.script(WAIT)
    boxed.run("run", "train", "-detach")
    folder = boxed.await_output()
    shutil.rmtree(folder)
    assert wait_until(lambda: boxed.containers == [], PATIENCE)


@pytest.mark.slow
def test_a_run_that_takes_too_long_is_ended(boxed: ContainerRuns) -> None:
    boxed.script(POLITE, 'max_run_duration = "8s"\n')
    said = boxed.run("run", "train", code=None).out
    assert "took longer than max_run_duration, 8 s" in said
    assert boxed.containers == []
