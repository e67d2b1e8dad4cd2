"""An apply that is killed loses nothing: what served serves, and the next apply finishes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import killed
from harness.deployments import Asking, wait_until

if TYPE_CHECKING:
    from harness.deployments import Deployed

STARTING = ("before the server", "while the server starts")
CHANGING = ("before load", killed.LOAD, "before activate", "after activate", "before the outcome")
ENDING = ("before stop", "after stop", "before the folder goes")
SLOW = """
import pathlib, time
def init():
    pathlib.Path({begun!r}).touch()
    time.sleep({seconds})
def run(data):
    return {{"word": "{word}"}}
"""


def slow(deployed: Deployed, word: str, seconds: float) -> None:
    """A script that says when it is in init, and stays there."""
    begun = str(deployed.project.root / "begun")
    deployed.score(SLOW.format(begun=begun, seconds=seconds, word=word))


def kill(deployed: Deployed, place: str, command: str) -> None:
    """Run a command line until the kill; everything that carries its group dies with it."""
    project = deployed.project
    begun = project.root / "begun"
    begun.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, killed.__file__, place, str(begun), "--", command, "-auto-approve"],
        check=False,
        capture_output=True,
        text=True,
        cwd=project.root,
        env=project.process_environment(),
        start_new_session=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def expect_one_of_each(deployed: Deployed) -> None:
    deployed.expect_workers(1)
    assert deployed.status().candidate is None
    assert len(list(deployed.data.glob("deployments/*"))) == 1


@pytest.mark.parametrize("place", [*STARTING, *CHANGING])
def test_a_killed_create_is_finished(deployed: Deployed, place: str) -> None:
    if place == killed.LOAD:
        slow(deployed, "one", 600)
    kill(deployed, place, "apply")
    deployed.serve("one").apply()
    assert deployed.word() == "one"
    expect_one_of_each(deployed)


@pytest.mark.parametrize("place", CHANGING)
def test_a_killed_update_is_finished_and_no_request_fails(deployed: Deployed, place: str) -> None:
    deployed.apply()
    with Asking(deployed, clients=2) as asking:
        deployed.serve("two")
        if place == killed.LOAD:
            slow(deployed, "two", 600)
        kill(deployed, place, "apply")
        asking.wait_for_more()
        deployed.serve("two").apply()
        asking.wait_for_more()
    assert (asking.failures, asking.words) == ([], {"one", "two"})
    assert deployed.word() == "two"
    expect_one_of_each(deployed)


@pytest.mark.parametrize("place", [killed.LOAD, "before activate", "after activate"])
def test_after_a_killed_update_the_old_may_be_wanted_again(deployed: Deployed, place: str) -> None:
    deployed.apply()
    deployed.serve("two")
    if place == killed.LOAD:
        slow(deployed, "two", 600)
    kill(deployed, place, "apply")
    deployed.serve("one").apply()
    assert deployed.word() == "one"
    expect_one_of_each(deployed)


@pytest.mark.parametrize("place", [killed.LOAD, "before activate", "after activate"])
def test_after_a_killed_update_a_third_may_be_wanted(deployed: Deployed, place: str) -> None:
    deployed.apply()
    deployed.serve("two")
    if place == killed.LOAD:
        slow(deployed, "two", 600)
    kill(deployed, place, "apply")
    deployed.serve("three").apply()
    assert deployed.word() == "three"
    expect_one_of_each(deployed)


@pytest.mark.parametrize("place", ["while the server starts", killed.LOAD, "after activate"])
def test_what_a_killed_create_began_is_destroyed(deployed: Deployed, place: str) -> None:
    if place == killed.LOAD:
        slow(deployed, "one", 600)
    kill(deployed, place, "apply")
    deployed.run("destroy", "-auto-approve")
    wait_until(lambda: not deployed.servers(), "the end of the server")
    wait_until(lambda: not deployed.workers(), "the end of the workers")
    assert list(deployed.data.glob("deployments/*")) == []


@pytest.mark.parametrize("place", ENDING)
def test_a_killed_destroy_is_finished(deployed: Deployed, place: str) -> None:
    deployed.apply()
    kill(deployed, place, "destroy")
    deployed.run("destroy", "-auto-approve")
    assert deployed.servers() == deployed.workers() == []
    assert list(deployed.data.glob("deployments/*")) == []
    deployed.apply()
    expect_one_of_each(deployed)


def test_a_killed_destroy_may_be_taken_back(deployed: Deployed) -> None:
    deployed.apply()
    kill(deployed, "after stop", "destroy")
    deployed.apply()
    assert deployed.word() == "one"
    expect_one_of_each(deployed)


def test_the_places_are_there() -> None:
    assert Path(killed.__file__).exists()
    assert {*STARTING, *CHANGING, *ENDING} == {*killed.BEFORE, *killed.AFTER, killed.LOAD}
