"""A disk that is full at each write of an apply: with room again, one plain apply recovers."""

from __future__ import annotations

import errno
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import EXIT_PARTIAL, EXIT_STATE
from amlplan_state import local
from amlplan_state.durable import Disk
from bench.kill.bench_world import Thing, configuration
from bench.kill.checks import violations
from bench.kill.sites import Site
from bench.kill.subject import DESTROY, Configuration, Scenario
from harness.project import Project
from small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_schemas.state import State
    from bench.kill.ranges import Range

PAGE = 4096
IN_TURN = "-parallelism=1"


def large(value: str, count: int = 4) -> Configuration:
    """Things of which each entry of the journal, and so each write, needs room of its own."""
    padding = value * (PAGE // len(value))
    return configuration(
        [Thing(f"t{number}", padding, steps=number % 2) for number in range(count)]
    )


SCENARIOS = (
    Scenario("create", Configuration(), large("old"), command=("apply", "-auto-approve", IN_TURN)),
    Scenario("update", large("old"), large("new"), command=("apply", "-auto-approve", IN_TURN)),
    Scenario(
        "destroy", large("old"), Configuration(large("old").files), command=(*DESTROY, IN_TURN)
    ),
)


@contextmanager
def only_free(folder: Path, pages: int) -> Iterator[None]:
    """Fill the disk of a folder but for so many pages."""
    filler = folder / "filler"
    filler.write_bytes(b"")
    seen = os.statvfs(folder)
    filler.write_bytes(bytes((seen.f_bavail - pages) * PAGE))
    try:
        yield
    finally:
        filler.unlink()


def progress_of(state: State | None) -> tuple[int, int, int]:
    """How far an apply came: records, open intents, and steps that are written down."""
    if state is None:
        return (-1, 0, 0)
    steps = sum(len(intent.steps) for intent in state.pending.values())
    values = [str(record.inputs.values["value"]) for record in state.records.values()]
    is_new = sum(value.startswith("new") for value in values)
    return (len(values) + 10 * is_new, len(state.pending), steps)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_disk_that_is_full_at_each_write_of_an_apply(
    tmp_path: Path, place: Range, scenario: Scenario
) -> None:
    came_to: dict[tuple[int, int, int], int] = {}
    with place.forks.one() as fork, small_disk(tmp_path / "small", "2m") as small:
        for pages in range(200):
            site = Site(tmp_path / f"it{pages}", fork, place.subject)
            site.base.mkdir()
            (small / f"it{pages}").mkdir()
            site.root.symlink_to(small / f"it{pages}")
            if scenario.before.files:
                site.make_before(scenario)
            site.write(scenario.after)
            before = site.state()
            with only_free(small, pages):
                ended = site.run(*scenario.command)
            failed = ended.code != 0
            if failed:
                assert ended.code in {EXIT_PARTIAL, EXIT_STATE}, ended.text
                assert "No space left" in ended.text
                came_to[progress_of(site.state())] = pages
                again = site.run(*scenario.command)
                assert again.code == 0, again.text
            assert not [str(item) for item in violations(site, scenario, before, {})], pages
            subprocess.run(["rm", "-r", str(small / f"it{pages}")], check=True)
            if not failed:
                break
    print(f"{scenario.name}: {pages} sizes too small; it came to {sorted(came_to)}")
    assert not failed
    # Of deletes the second entry, of what is done, is so small that it fits wherever the first did.
    assert len(came_to) >= (5 if scenario.name == "destroy" else 8)


class FullDisk(Disk):
    """A disk with room for so many of the operations that need some; of a write half fits."""

    def __init__(self, room: int) -> None:
        self.room = room

    def _take(self) -> bool:
        self.room -= 1
        return self.room >= 0

    def create(self, path: Path) -> int:
        if not self._take():
            raise full()
        return super().create(path)

    def write(self, descriptor: int, data: bytes) -> None:
        if not self._take():
            super().write(descriptor, data[: len(data) // 2])
            raise full()
        super().write(descriptor, data)

    def link(self, source: Path, target: Path) -> None:
        if not self._take():
            raise full()
        super().link(source, target)

    def make_folder(self, path: Path) -> None:
        if not self._take():
            raise full()
        super().make_folder(path)


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_operation_that_finds_no_room(
    tmp_path: Path, place: Range, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.forks.one() as fork:
        for room in range(100):
            site = Site(tmp_path / str(room), fork, place.subject)
            if scenario.before.files:
                site.make_before(scenario)
            site.write(scenario.after)
            before = site.state()
            project = Project(site.root, site.base / "world", site.environment)
            disk = FullDisk(room)
            with monkeypatch.context() as patched:
                patched.setattr(local, "Disk", lambda disk=disk: disk)
                ended = project.run(*scenario.command, code=None)
            if ended.code:
                assert ended.code in {EXIT_PARTIAL, EXIT_STATE}, ended.all
                assert "No space left" in ended.err
                assert site.run(*scenario.command).code == 0
            assert not [str(item) for item in violations(site, scenario, before, {})], room
            if not ended.code:
                break
    print(f"{scenario.name}: {room} operations on the disk")
    assert ended.code == 0
    assert room >= 8


@pytest.mark.slow
def test_a_data_folder_that_is_full_while_this_host_is_set_up(
    tmp_path: Path, local_place: Range
) -> None:
    scenario = local_place.subject.scenarios["create"]
    failures = 0
    with local_place.forks.one() as fork:
        for pages in range(0, 400, 2):
            site = Site(tmp_path / f"it{pages}", fork, local_place.subject)
            (site.base / "data").mkdir(parents=True)
            with small_disk(site.base / "data", "2m") as small:
                site.write(scenario.after)
                with only_free(small, pages):
                    ended = site.run(*scenario.command)
                if ended.code:
                    failures += 1
                    assert ended.code == EXIT_PARTIAL, ended.text
                    assert "No space left" in ended.text
                    again = site.run(*scenario.command)
                    assert again.code == 0, again.text
                assert not [str(item) for item in violations(site, scenario, None, {})], pages
            if not ended.code:
                break
    print(f"{failures} sizes too small")
    assert failures >= 5


def test_a_read_only_folder_is_planned_in_and_nothing_is_done(tmp_path: Path, place: Range) -> None:
    scenario = place.subject.scenarios["update"]
    with place.forks.one() as fork:
        site = Site(tmp_path / "it", fork, place.subject)
        site.base.mkdir()
        with small_disk(site.root, "2m") as small:
            site.make_before(scenario)
            site.write(scenario.after)
            before = site.state()
            subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
            assert site.run("plan", "-detailed-exitcode").code == 2
            noted = place.subject.ledger(site.base)
            for command in (scenario.command, DESTROY):
                refused = site.run(*command)
                assert refused.code == EXIT_STATE, refused.text
                assert "Read-only file system" in refused.text
            assert place.subject.ledger(site.base) == noted
            assert site.state() == before
            subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)
            assert site.run(*scenario.command).code == 0
            assert not list(violations(site, scenario, before, {}))
