"""What fails while a deployment changes leaves what serves as it is, and says what is wrong."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.processes import end_process, is_running
from harness.deployments import Asking, script, wait_until

if TYPE_CHECKING:
    from harness.deployments import Deployed

BROKEN = """
def init():
    raise ValueError("no such weights")
def run(data): ...
"""
DYING = """
import os
def init(): os._exit(7)
def run(data): ...
"""
SLEEPING = """
import time
def init(): time.sleep(600)
def run(data): ...
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BROKEN, "no such weights"),
        (DYING, "the worker's process ended before it was ready"),
        (SLEEPING, "init() was not done within 1 s"),
    ],
    ids=["raises", "dies", "sleeps"],
)
def test_a_revision_that_does_not_get_ready_changes_nothing(
    deployed: Deployed, text: str, said: str
) -> None:
    deployed.apply()
    more = 'probes {\nstartup_timeout = "1s"\n}'
    deployed.deployment(more).score(text)
    with Asking(deployed) as asking:
        failed = deployed.run("apply", "-auto-approve", code=12)
        asking.wait_for_more()
    assert (asking.failures, asking.words) == ([], {"one"})
    assert said in failed.err
    assert "Revision 1 serves on." in failed.err
    deployed.expect_workers(1)
    assert "revision 1 -> 2" in deployed.run("plan").out
    deployed.deployment().score(script("good"))
    with Asking(deployed) as asking:
        deployed.apply()
        asking.wait_for_more()
    assert (asking.failures, asking.words) == ([], {"one", "good"})


def test_the_first_revision_that_does_not_get_ready_leaves_nothing(deployed: Deployed) -> None:
    deployed.score(BROKEN)
    failed = deployed.run("apply", "-auto-approve", code=12)
    assert 'raise ValueError("no such weights")' in failed.err
    assert "Nothing serves now." in failed.err
    assert deployed.servers() == deployed.workers() == []
    assert list(deployed.data.glob("deployments/*")) == []
    deployed.score(script("good"))
    deployed.apply()
    assert deployed.word() == "good"


def test_going_back_to_what_serves_needs_no_new_revision(deployed: Deployed) -> None:
    deployed.apply()
    deployed.score(BROKEN)
    deployed.run("apply", "-auto-approve", code=12)
    deployed.score(script("one"))
    deployed.apply()
    active = deployed.status().active
    assert active is not None
    assert active.revision == "1"


def test_a_smoke_request_decides(deployed: Deployed) -> None:
    more = 'smoke {\nrequest = "request.json"\n}'
    deployed.project.write("request.json", "{}")
    deployed.deployment(more).apply()
    deployed.score("def init(): ...\ndef run(data): raise KeyError('pixels')\n")
    failed = deployed.run("apply", "-auto-approve", code=12)
    assert "Revision 2 answered 500 and 200 was expected. Revision 1 serves on." in failed.err
    assert deployed.word() == "one"
    deployed.expect_workers(1)
    (deployed.project.root / "request.json").unlink()
    assert "request.json could not be read" in deployed.run("plan", code=10).err
    deployed.deployment(more.replace("request =", "expect_status = 500\nrequest ="))
    deployed.project.write("request.json", "{}")
    deployed.apply()
    assert deployed.ask()[0] == 500


def test_recreate_ends_the_old_one_first_and_starts_it_again_where_that_fails(
    deployed: Deployed,
) -> None:
    more = 'rollout {\nstrategy = "recreate"\n}'
    alone = """
        import pathlib
        mark = pathlib.Path("{mark}")
        def init():
            assert not mark.exists(), "two at once"
            mark.touch()
        def run(data): return {{"word": "{word}"}}
        import atexit
        atexit.register(lambda: mark.unlink(missing_ok=True))
    """
    mark = deployed.project.root / "alone"
    deployed.deployment(more).score(alone.format(mark=mark, word="one"))
    deployed.apply()
    before, port = deployed.server(), deployed.port
    deployed.score(alone.format(mark=mark, word="two"))
    deployed.apply()
    assert deployed.word() == "two"
    assert (deployed.server(), deployed.port) == (before, port)
    deployed.score(BROKEN)
    failed = deployed.run("apply", "-auto-approve", code=12)
    assert "Revision 2 serves on." in failed.err
    assert deployed.word() == "two"
    deployed.serve("three", more).apply()
    assert deployed.word() == "three"
    deployed.expect_workers(1)


def test_a_port_is_moved_to_and_one_that_is_taken_is_not(deployed: Deployed) -> None:
    deployed.apply()
    before = deployed.server()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        deployed.deployment(f"port = {port}")
        failed = deployed.run("apply", "-auto-approve", code=12)
        assert f"Another process listens on port {port}" in failed.err
        assert deployed.word() == "one"
        assert deployed.port != port
    assert f"the server moves to port {port}" in deployed.run("plan").out
    deployed.apply()
    assert deployed.port == port
    assert deployed.word() == "one"
    assert deployed.server() == before
    deployed.deployment().apply()
    assert deployed.port == port
    deployed.expect_workers(1)


def test_a_server_whose_amlplan_is_gone_gives_way_to_one_of_ours(deployed: Deployed) -> None:
    project = deployed.project
    elsewhere = project.root / "elsewhere"
    shutil.copytree(Path(sys.prefix) / "bin", elsewhere / "bin", symlinks=True)
    for name in ("lib", "pyvenv.cfg"):
        (elsewhere / name).symlink_to(Path(sys.prefix) / name)
    command = [str(elsewhere / "bin/python"), *project.command("apply", "-auto-approve")[1:]]
    environment = project.process_environment()
    subprocess.run(command, cwd=project.root, env=environment, check=True, capture_output=True)
    before = deployed.server()
    assert str(elsewhere) in deployed.status().interpreter
    shutil.rmtree(elsewhere)
    with Asking(deployed) as asking:
        deployed.serve("two").apply()
        asking.wait_for_more()
    assert (asking.failures, asking.words) == ([], {"one", "two"})
    wait_until(lambda: not is_running(before), "the end of the old server")
    assert str(elsewhere) not in deployed.status().interpreter


def test_workers_that_cannot_be_started_any_more_are_an_update(deployed: Deployed) -> None:
    mark = deployed.project.root / "there"
    deployed.score(f"""
        import os, pathlib
        def init(): assert pathlib.Path("{mark}").exists(), "no weights"
        def run(data): os._exit(1)
    """)
    mark.touch()
    deployed.apply()
    before = deployed.server()
    mark.unlink()
    assert deployed.ask()[0] == 502
    wait_until(lambda: "unhealthy" in deployed.run("drift", code=None).out, "it")
    failed = deployed.run("apply", "-auto-approve", code=12)
    assert "no weights" in failed.err
    assert "unhealthy" in deployed.run("drift", code=2).out
    mark.touch()
    deployed.apply()
    assert deployed.server() == before


def test_a_first_apply_to_a_taken_port_leaves_nothing(deployed: Deployed) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        deployed.deployment(f"port = {taken.getsockname()[1]}")
        failed = deployed.run("apply", "-auto-approve", code=12)
        assert "The port is taken" in failed.err
        assert list(deployed.data.glob("deployments/*")) == []
        wait_until(lambda: not deployed.servers(), "the end of the server")
    deployed.apply()


def test_a_bundle_that_is_damaged_or_gone_is_built_again(deployed: Deployed) -> None:
    deployed.apply()
    [bundle] = deployed.data.glob("workspaces/*/images/*")
    for harmed in (bundle / "source/score.py", bundle):
        shutil.rmtree(harmed) if harmed.is_dir() else harmed.unlink()
        assert "image.scorer" in deployed.run("drift", code=2).out
        deployed.apply()
        assert (bundle / "source/score.py").exists()
        assert deployed.word() == "one"


def test_a_model_that_is_gone_from_the_store_is_taken_from_its_source_again(
    deployed: Deployed,
) -> None:
    deployed.apply()
    for blob in deployed.data.glob("workspaces/*/store/blobs/**/*"):
        if blob.is_file():
            blob.unlink()
    assert "model.ridge" in deployed.run("drift", code=2).out
    deployed.serve("two").apply()
    assert deployed.word() == "two"


def test_an_environment_that_is_gone_is_built_again(deployed: Deployed) -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    deployed.block('environment "py"', f'python = "{python}"\nrequirements = []')
    deployed.run("init")
    deployed.apply()
    assert deployed.word() == "one"
    for built in deployed.data.glob("environments/*"):
        shutil.rmtree(built) if built.is_dir() else built.unlink()
    assert end_process(deployed.server(), 0.0)
    deployed.apply()
    assert deployed.word() == "one"
