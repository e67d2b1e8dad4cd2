"""Runs the cases in this folder: files to write, commands, and what they must print.

    -- main.hcl --          a file to write
    -- $ amlplan plan --    a command, then all it prints, then its exit code where it is not 0
    -- $ rm main.hcl --     a file to remove
    -- $ link python --     a link to the interpreter of the tests
    -- $ kill server --     the server of the deployment is killed
    -- $ outside bench.a weight=2 --    somebody changes an object of the bench world
    -- $ outside bench.a gone --        somebody deletes it
    -- $ there NAME value=old --        somebody makes one of that name

`pytest tests/cases --rewrite-cases` writes what is printed now into the files.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from amlplan_bench.world import World

from amlplan.processes import end_process
from harness.cases import printed, sections_of
from harness.deployments import servers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project import Project

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*.case"))


def change_outside(project: Project, address: str, change: str) -> None:
    """Do to an object of the world what amlplan did not ask for."""
    world = World(project.world)
    [(identity, item)] = [
        (identity, item) for identity, item in world.objects().items() if f"/{address}/" in identity
    ]
    name, _, value = change.partition("=")
    if name == "gone":
        world.remove(identity)
    else:
        world.put(identity, {**item, name: type(item[name])(value)})


@pytest.fixture
def nothing_left(project: Project) -> Iterator[None]:
    """End the servers that a case left, also where it failed."""
    yield
    for server in servers_of(project.data):
        assert end_process(server, 0.0)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, project: Project, request: pytest.FixtureRequest) -> None:
    intro, sections = sections_of(path.read_text())
    project.environment["LOGNAME"] = "ana"
    rewritten = [intro.rstrip("\n")]
    for title, text in sections:
        if title.startswith("$ amlplan"):
            got = printed(project, title)
            rewritten.append(f"-- {title} --\n{got}")
            if not request.config.getoption("--rewrite-cases"):
                assert got == text.rstrip("\n") + "\n", f"{path.name}: {title}"
        elif title.startswith("$ outside "):
            change_outside(project, *shlex.split(title)[2:])
            rewritten.append(f"-- {title} --")
        elif title.startswith("$ there "):
            name, change = shlex.split(title)[2:]
            item = {"value": change.partition("=")[2], "weight": 1, "complete": True}
            World(project.world).put(f"theirs/bench.{name}/1", item, name)
            rewritten.append(f"-- {title} --")
        elif title == "$ link python":
            (project.root / "python").symlink_to(sys.executable)
            rewritten.append(f"-- {title} --")
        elif title == "$ kill server":
            [server] = servers_of(project.data)
            assert end_process(server, 0.0)
            rewritten.append(f"-- {title} --")
        elif title.startswith("$ rm "):
            (project.root / title.removeprefix("$ rm ")).unlink()
            rewritten.append(f"-- {title} --")
        else:
            project.write(title, text.rstrip("\n") + "\n")
            rewritten.append(f"-- {title} --\n{text.rstrip()}\n")
    if request.config.getoption("--rewrite-cases"):
        path.write_text("\n".join(rewritten).rstrip("\n") + "\n")


def test_there_are_cases() -> None:
    assert CASES
