"""Power lost at any write of a whole apply: what was made is known, and one apply recovers it."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from amlplan_bench.world import World

from amlplan_state import local
from amlplan_state.local import LocalBackend
from amlplan_state.writer import LocalWriter
from bench.kill.checks import violations
from bench.kill.sites import Keeping, Site
from harness.project import Project
from power_loss import Event, Image, RecordingDisk, replay, write_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from amlplan_schemas.state import Record, State
    from bench.kill.ranges import Range
    from bench.kill.subject import Scenario

STATE = "it.json"
KEEPING = Keeping(settings={"path": f"state/{STATE}"})
RECOVERED = 10
"""So many of the folders that a power loss could leave are recovered from, too."""


@dataclass
class Recorded:
    """An apply whose every write is noted, with what it told and what it changed outside."""

    site: Site
    scenario: Scenario
    disk: RecordingDisk
    before: State | None
    start: dict[str, bytes]
    outcomes: list[Record | None] = field(default_factory=list)

    def finish(self, writer: LocalWriter, address: str, record: Record | None) -> None:
        """A LocalWriter's, with notes around it."""
        number = len(self.outcomes)
        self.outcomes.append(record)
        self.disk.note(Event("begun", path=address, length=number))
        _FINISH(writer, address, record)
        self.disk.note(Event("returned", path=address, length=number))

    def land(self, world: World, source: Path, target: Path) -> None:
        """A World's, noted once it happened."""
        data = source.read_bytes()
        _LAND(world, source, target)
        folder = world.folder
        gone = str(source.relative_to(folder)) if source.suffix == ".json" else ""
        path = str(target.relative_to(folder))
        self.disk.note(Event("landed", path=path, source=gone, data=data))

    def possible(self, address: str, so_far: Sequence[Event]) -> list[Record | None]:
        """What may be recorded of an address: the outcome last told, or one begun since."""
        calls = [event for event in so_far if event.path == address]
        told = [number for number, event in enumerate(calls) if event.kind == "returned"]
        last = calls[told[-1]].length if told else -1
        first = self.before.records.get(address) if self.before else None
        begun = [event.length for event in calls if event.kind == "begun" and event.length > last]
        return [self.outcomes[last] if told else first, *(self.outcomes[n] for n in begun)]


_FINISH, _LAND = LocalWriter.finish, World.land


def record_apply(
    site: Site, scenario: Scenario, disk_type: type[RecordingDisk], patch: pytest.MonkeyPatch
) -> tuple[Recorded, int]:
    """Apply in this process; gives what was noted, and the number of the first note of it."""
    (site.root / "state").mkdir(parents=True)
    if scenario.before.files:
        site.make_before(scenario)
    shutil.copytree(site.base, site.base.with_name("start"))
    site.write(scenario.after)
    disk = disk_type(site.root / "state")
    start = disk.adopt()
    world = site.base / "world"
    objects = {str(path.relative_to(world)): path.read_bytes() for path in world.glob("objects/*")}
    recorded = Recorded(site, scenario, disk, site.state(), objects)
    patch.setattr(local, "Disk", lambda: disk)
    patch.setattr(LocalWriter, "finish", method_of(recorded.finish))
    patch.setattr(World, "land", method_of(recorded.land))
    project = Project(site.root, world, site.environment)
    project.run(*scenario.command)
    patch.undo()
    return recorded, start


def method_of(function: Callable[..., None]) -> Callable[..., None]:
    """A function that becomes a method where it is put into a class; bound ones do not."""

    def method(*arguments: Any) -> None:
        function(*arguments)

    return method


@dataclass
class Checker:
    """Asserts that what a power loss left tells of everything outside; keeps some of it."""

    recorded: Recorded
    folder: Path
    chance: random.Random
    count: int = 0
    kept: list[tuple[Image, list[Event]]] = field(default_factory=list)

    def __call__(self, image: Image, so_far: list[Event]) -> None:
        self.count += 1
        write_out(image, self.folder)
        state = LocalBackend(self.folder, {"path": STATE}, "0").reader().read()
        shutil.rmtree(self.folder)
        self._check(state, so_far)
        if len(self.kept) < RECOVERED:
            self.kept.append((image, so_far))
        elif self.chance.random() < RECOVERED / self.count:
            self.kept[self.chance.randrange(RECOVERED)] = (image, so_far)

    def _check(self, state: State | None, so_far: list[Event]) -> None:
        if state is None:
            assert self.recorded.before is None
            assert not so_far
            return
        records = [*state.records.values(), *(item.draft for item in state.pending.values())]
        known = {record.identity for record in records}
        known |= {item.identity for record in records for item in record.deposed}
        for item in world_after(self.recorded, so_far):
            assert item["identity"] in known
        before = self.recorded.before.records if self.recorded.before else {}
        for address in {*before, *(event.path for event in so_far if event.kind != "landed")}:
            assert state.records.get(address) in self.recorded.possible(address, so_far)


def world_after(recorded: Recorded, so_far: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """The objects that were there after these changes."""
    found = dict(recorded.start)
    for event in so_far:
        if event.kind == "landed":
            found[event.path] = event.data
            found.pop(event.source, None)
    for path, data in found.items():
        if path.startswith("objects/"):
            yield json.loads(data)


def make_world(recorded: Recorded, so_far: Sequence[Event], folder: Path) -> None:
    """Make the world as it was after these changes."""
    start = recorded.site.base.with_name("start") / "world"
    if start.exists():
        shutil.copytree(start, folder)
    folder.mkdir(exist_ok=True)
    for event in so_far:
        if event.kind == "landed":
            path = folder / event.path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(event.data)
            if event.source:
                (folder / event.source).unlink()


def recovered(checker: Checker, base: Path) -> Iterator[str]:
    """What one plain apply leaves broken, of each folder that was kept."""
    recorded = checker.recorded
    for number, (image, so_far) in enumerate(checker.kept):
        site = replace(recorded.site, base=base / str(number))
        site.root.mkdir(parents=True)
        write_out(image, site.root / "state")
        make_world(recorded, so_far, site.base / "world")
        site.write(recorded.scenario.after)
        ended = site.run(*recorded.scenario.command)
        if ended.code:
            yield ended.text
        yield from map(str, violations(site, recorded.scenario, recorded.before, {}))


def lose_power(
    tmp_path: Path,
    place: Range,
    name: str,
    patch: pytest.MonkeyPatch,
    disk_type: type[RecordingDisk] = RecordingDisk,
) -> Checker:
    scenario = place.subject.scenarios[name]
    with place.forks.one() as fork:
        site = Site(tmp_path / "it", fork, place.subject, KEEPING)
        recorded, start = record_apply(site, scenario, disk_type, patch)
        checker = Checker(recorded, tmp_path / "after", random.Random(name))
        replay(recorded.disk.events, checker, start)
        (tmp_path / "recovered").mkdir()
        assert not list(recovered(checker, tmp_path / "recovered"))
    return checker


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["create", "update", "replace", "create first", "delete", "destroy"]
)
def test_power_loss_at_any_write_of_an_apply(
    tmp_path: Path, place: Range, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checker = lose_power(tmp_path, place, name, monkeypatch)
    print(f"{name}: {checker.count} folders that a power loss could leave")
    assert checker.count > 100


class WithoutJournalSync(RecordingDisk):
    def sync(self, descriptor: int) -> None:
        if not self.path_of(descriptor).endswith(".journal"):
            super().sync(descriptor)


def test_an_apply_that_does_not_sync_its_journal_is_noticed(
    tmp_path: Path, place: Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError):
        lose_power(tmp_path, place, "create", monkeypatch, WithoutJournalSync)
