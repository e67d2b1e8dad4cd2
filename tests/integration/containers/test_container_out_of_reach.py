"""Runs that are canceled while their engine is out of reach, and containers that are left then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from container_workbench import PATIENCE, WAIT
from local_workbench import wait_until

if TYPE_CHECKING:
    from container_workbench import ContainerRuns
    from engine_proxy import EngineProxy


@pytest.mark.slow
def test_a_run_is_canceled_though_its_engine_is_out_of_reach(
    remote: ContainerRuns, proxy: EngineProxy
) -> None:
    remote.script(WAIT)
    remote.run("run", "train", "-detach")
    folder = remote.await_output()
    proxy.cut()
    assert wait_until((folder / "away").exists, PATIENCE)
    assert "Canceled" in remote.run("runs", "cancel", "latest").out
    (run,) = remote.json("runs", "list")["runs"]
    assert run["status"] == "Canceled"
    assert "nothing listens there" in run["reason"]
    assert len(remote.containers) == 1
    assert "Not looked at" in remote.run("runs", "gc", "-dry-run").out
    proxy.mend()
    (left,) = remote.json("runs", "gc", "-auto-approve")["containers"]
    assert left["why"] == "its run is Canceled"
    assert remote.containers == []


@pytest.mark.slow
def test_a_run_goes_on_when_its_engine_was_frozen(
    remote: ContainerRuns, proxy: EngineProxy
) -> None:
    remote.script(
        "import os, time\nprint('ready', flush=True)\n"
        "while not os.path.exists('/tmp/go'):\n    time.sleep(0.05)\nprint('went on')\n"
    )
    remote.run("run", "train", "-detach")
    folder = remote.await_output()
    proxy.freeze()
    assert wait_until((folder / "away").exists, PATIENCE)
    proxy.thaw()
    (container,) = remote.containers
    remote.engine.execute(container.id, ["touch", "/tmp/go"])
    assert remote.await_ended(folder)["status"] == "Completed"
    assert (folder / "log.txt").read_text().splitlines()[-1] == "went on"
    assert remote.containers == []
