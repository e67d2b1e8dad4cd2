"""A project on a naive world, its commands in this process or in others, and what they left."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan_bench.world import World

from amlplan_state.local import LocalBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from amlplan_schemas.state import Record, State
    from harness.project import Project


@dataclass(frozen=True, slots=True)
class Course:
    """What a test looks at while a project goes from one apply to the next."""

    project: Project

    @property
    def world(self) -> World:
        return World(self.project.world, naive=True)

    @property
    def state(self) -> State:
        state = LocalBackend(self.project.root, {}, "0").reader().read()
        assert state is not None
        return state

    def record(self, address: str) -> Record:
        return self.state.records[address]

    def alive(self) -> dict[str, str]:
        """The value of each object by its address; no address may have two."""
        found = [(item["identity"].split("/")[1], item["value"]) for item in self.world.alive()]
        assert len(found) == len(dict(found)), found
        return dict(found)

    def expect_in_step(self) -> None:
        """Every object is recorded once, every record is whole, and nothing is left to do."""
        state = self.state
        assert not state.pending
        names = {item["identity"]: item["name"] for item in self.world.alive()}
        ids = {item.identity: item.outputs.values["id"] for item in state.records.values()}
        assert names == ids
        assert len(names) == len(self.world.alive())
        assert all(record.status == "ok" for record in state.records.values())
        assert "No changes." in self.project.run("plan", "-detailed-exitcode").out

    @contextmanager
    def process(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A command in a process of its own; ended, whatever happens."""
        with subprocess.Popen(
            self.project.command(*arguments),
            cwd=self.project.root,
            env=self.project.process_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def wait_until_pending(self, *addresses: str, recorded: Sequence[str] = ()) -> None:
        """Wait until operations at just these addresses are under way, and these are done."""
        expect_soon(lambda: self._is_so(set(addresses), recorded))

    def _is_so(self, pending: set[str], recorded: Sequence[str]) -> bool:
        state = LocalBackend(self.project.root, {}, "0").reader().read()
        if state is None:
            return False
        return set(state.pending) == pending and all(name in state.records for name in recorded)


def expect_soon(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def thing(name: str, **arguments: object) -> str:
    """A block of the configuration."""
    lines = [f"  {key} = {_text(value)}\n" for key, value in arguments.items()]
    return f'bench "thing" "{name}" {{\n{"".join(lines)}}}\n'


def _text(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f'{key} = "{item}"' for key, item in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)
