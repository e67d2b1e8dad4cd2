"""At a terminal: the question before an apply, and colours; without one: neither."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

from harness.terminal import Terminal

if TYPE_CHECKING:
    from harness.project import Project

ONE = 'bench "thing" "a" {\n  value = "red"\n}\n'
COLOUR = re.compile(r"\x1b\[")


def test_yes_is_asked_for_and_taken(project: Project) -> None:
    project.hcl(ONE)
    terminal = Terminal(project, "apply")
    terminal.read_until("Enter a value: ")
    assert "Plan: 1 to add" in terminal.text
    assert not World(project.world).objects()
    assert not (project.root / "amlplan.state.json").exists()
    terminal.type("yes\n")
    assert terminal.end() == 0
    assert "Apply complete! Resources: 1 added" in terminal.text
    assert len(World(project.world).objects()) == 1


@pytest.mark.parametrize("answer", ["y", "YES", "Yes", "yes please", "ja", "", "true", "\x04"])
def test_nothing_but_yes_approves(project: Project, answer: str) -> None:
    project.hcl(ONE)
    terminal = Terminal(project, "apply")
    terminal.read_until("Enter a value: ")
    terminal.type(answer if answer == "\x04" else f"{answer}\n")
    assert terminal.end() == 1
    assert "Cancelled: nothing was changed." in terminal.text
    assert not project.world.exists()
    assert [path.name for path in project.root.iterdir()] == ["main.hcl"]


def test_an_interrupt_at_the_question_changes_nothing(project: Project) -> None:
    project.hcl(ONE)
    terminal = Terminal(project, "apply")
    terminal.read_until("Enter a value: ")
    # A signal in the instant before the read begins is seen by Python only at the next key.
    time.sleep(0.5)
    os.killpg(terminal.process.pid, signal.SIGINT)
    code = terminal.end()
    assert code == 130, (code, terminal.text)
    assert "Traceback" not in terminal.text
    assert [path.name for path in project.root.iterdir()] == ["main.hcl"]


def test_destroy_asks_too(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    terminal = Terminal(project, "destroy")
    terminal.read_until("Do you want to destroy all of this?")
    terminal.type("no\n")
    assert terminal.end() == 1
    assert len(World(project.world).objects()) == 1


def test_nothing_is_asked_where_nothing_is_to_do(project: Project) -> None:
    project.hcl(ONE)
    project.apply()
    terminal = Terminal(project, "apply")
    assert terminal.end() == 0
    assert "No changes." in terminal.text
    assert "Enter a value" not in terminal.text


def test_colours_are_for_terminals_only(project: Project) -> None:
    project.hcl(ONE)
    coloured = Terminal(project, "plan", NO_COLOR="")
    assert coloured.end() == 0
    assert COLOUR.search(coloured.text)
    plain = Terminal(project, "plan", NO_COLOR="1")
    assert plain.end() == 0
    assert not COLOUR.search(plain.text)
    assert plain.text.replace("\r\n", "\n") == re.sub(
        r"\x1b\[\d*m", "", coloured.text.replace("\r\n", "\n")
    )
    project.environment["NO_COLOR"] = ""
    assert not COLOUR.search(project.run("plan").out)


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_without_a_terminal_approval_must_be_given_before(project: Project, command: str) -> None:
    project.hcl(ONE)
    result = project.run(command, code=1)
    assert "Approval is needed" in result.err
    assert "-auto-approve" in result.err
    assert [path.name for path in project.root.iterdir()] == ["main.hcl"]


def test_a_terminal_for_output_alone_cannot_be_asked_at(project: Project) -> None:
    project.hcl(ONE)
    done = subprocess.run(
        project.command("apply"),
        cwd=project.root,
        env=project.process_environment(),
        input="yes\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Approval is needed" in done.stderr
    assert not project.world.exists()
