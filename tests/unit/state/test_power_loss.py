from __future__ import annotations

import itertools
import shutil
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import StateError
from amlplan_schemas.state import StateOutput
from amlplan_state.earlier import newest_good
from amlplan_state.paths import StatePaths
from power_loss import Event, Image, RecordingDisk, replay, write_out
from state_support import HOLDER, backend, intent, record, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amlplan_schemas.state import Intent, Record
    from amlplan_state.writer import LocalWriter

ADDRESSES = ("a.one", "a.two", "a.three")

Stage = tuple["Record | None", "Intent | None"]


def stages(address: str) -> list[Stage]:
    """What the state says of an address after each of its calls."""
    create, update = intent(address), intent(address, "update", 2)
    stepped = create.model_copy(update={"steps": {"copied": [1]}})
    first, second = record(address), record(address, 2)
    return [
        (None, None),
        (None, create),
        (None, stepped),
        (first, None),
        (first, update),
        (second, None),
        (second, intent(address, "delete")),
        (None, None),
    ]


def calls(writer: LocalWriter, address: str) -> list[Callable[[], None]]:
    return [
        lambda: writer.begin(intent(address)),
        lambda: writer.step(address, "copied", [1]),
        lambda: writer.finish(address, record(address)),
        lambda: writer.begin(intent(address, "update", 2)),
        lambda: writer.finish(address, record(address, 2)),
        lambda: writer.begin(intent(address, "delete")),
        lambda: writer.finish(address, None),
    ]


def run(folder: Path, disk: RecordingDisk) -> None:
    """A whole life: made, written by threads, concluded, interrupted, taken up, concluded."""

    def work(writer: LocalWriter, address: str, begin: int, end: int) -> None:
        for call in calls(writer, address)[begin:end]:
            disk.note(Event("begun", path=address))
            call()
            disk.note(Event("returned", path=address))

    def work_all(writer: LocalWriter, begin: int, end: int) -> None:
        threads = [
            threading.Thread(target=work, args=(writer, address, begin, end))
            for address in ADDRESSES
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def conclude(writer: LocalWriter, number: int) -> None:
        disk.note(Event("begun", path="conclude"))
        writer.conclude({"number": StateOutput(value=number)}, None)
        disk.note(Event("returned", path="conclude"))

    disk.note(Event("begun", path="open"))
    with backend(folder, disk).open(HOLDER, timeout=0, waiting=silent) as writer:
        disk.note(Event("returned", path="open"))
        work_all(writer, 0, 4)
        conclude(writer, 1)
        work_all(writer, 4, 5)
    with backend(folder, disk).open(HOLDER, timeout=0, waiting=silent) as writer:
        work_all(writer, 5, 6)
        conclude(writer, 2)
        work_all(writer, 6, 7)
        conclude(writer, 3)


class Checker:
    """Asserts of what a power loss left that it is what was promised."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = itertools.count()
        self.lineages: set[str] = set()

    def __call__(self, image: Image, so_far: list[Event]) -> None:
        begun = Counter(event.path for event in so_far if event.kind == "begun")
        returned = Counter(event.path for event in so_far if event.kind == "returned")
        folder = self._folder / str(next(self._number))
        write_out(image, folder)
        self._check_read(folder, begun, returned)
        self._check_goes_on(folder)
        shutil.rmtree(folder)

    def _check_read(self, folder: Path, begun: Counter[str], returned: Counter[str]) -> None:
        state = backend(folder).reader().read()
        if state is None:
            assert not returned["open"]
            return
        assert begun["open"]
        self.lineages.add(state.lineage)
        assert set(state.records) | set(state.pending) <= set(ADDRESSES)
        for address in ADDRESSES:
            possible = stages(address)[returned[address] : begun[address] + 1]
            assert (state.records.get(address), state.pending.get(address)) in possible
        number = state.outputs["number"].value if state.outputs else 0
        assert returned["conclude"] <= number <= begun["conclude"]
        assert state.serial == number + 1
        copy = newest_good(StatePaths(folder / "state.json"))
        assert (copy[1].serial if copy else 0) >= state.serial - 1

    def _check_goes_on(self, folder: Path) -> None:
        before = backend(folder).reader().read()
        with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
            assert before is None or writer.state == before
            writer.finish("a.later", record("a.later"))
            if next(self._number) % 2:
                assert writer.conclude(None, None).serial == (before.serial if before else 1) + 1
            assert backend(folder).reader().read() == writer.state


def record_and_replay(tmp_path: Path, make: Callable[[Path], RecordingDisk]) -> int:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "after").mkdir()
    disk = make(real)
    run(real, disk)
    checker = Checker(tmp_path / "after")
    checked = replay(disk.events, checker)
    assert len(checker.lineages) == 1
    return checked


@pytest.mark.slow
def test_power_loss_at_any_moment_loses_nothing_that_was_reported(tmp_path: Path) -> None:
    checked = record_and_replay(tmp_path, RecordingDisk)
    print(f"{checked} folders that a power loss could leave")
    assert checked > 500


class WithoutSnapshotSync(RecordingDisk):
    def sync(self, descriptor: int) -> None:
        if not self.path_of(descriptor).endswith(".new"):
            super().sync(descriptor)


class WithoutJournalSync(RecordingDisk):
    def sync(self, descriptor: int) -> None:
        if not self.path_of(descriptor).endswith(".journal"):
            super().sync(descriptor)


class WithoutFolderSync(RecordingDisk):
    def sync_folder(self, path: Path) -> None:
        if path.name.endswith(".history"):
            super().sync_folder(path)


class JournalCutBeforeRename(RecordingDisk):
    def rename(self, source: Path, target: Path) -> None:
        if target.name + ".journal" in self._names:
            journal = self.open_to_append(target.with_name(target.name + ".journal"))
            self.truncate(journal, 0)
            self.sync(journal)
            self.close(journal)
        super().rename(source, target)


@pytest.mark.parametrize(
    "make",
    [
        WithoutSnapshotSync,
        WithoutJournalSync,
        WithoutFolderSync,
        pytest.param(JournalCutBeforeRename, marks=pytest.mark.slow),
    ],
)
def test_the_replay_notices_what_is_left_out(
    tmp_path: Path, make: Callable[[Path], RecordingDisk]
) -> None:
    with pytest.raises((AssertionError, StateError)):
        record_and_replay(tmp_path, make)


def test_power_loss_while_an_interrupted_command_is_taken_up(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    with backend(real).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.one", record("a.one"))
        writer.begin(intent("a.two"))
    journal = real / "state.json.journal"
    journal.write_bytes(journal.read_bytes() + b"1 3 3 12345678 {torn" + bytes(30))
    disk = RecordingDisk(real)
    start = disk.adopt()
    with backend(real, disk).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.two", record("a.two"))
        disk.note(Event("returned", path="a.two"))
        writer.finish("a.one", None)
        disk.note(Event("returned", path="a.one"))
        writer.conclude(None, None)
    numbers = itertools.count()

    def check(image: Image, so_far: list[Event]) -> None:
        folder = tmp_path / str(next(numbers))
        write_out(image, folder)
        state = backend(folder).reader().read()
        assert state is not None
        returned = [event.path for event in so_far]
        assert ("a.two" in state.records) or "a.two" not in returned
        assert ("a.two" in state.records) != ("a.two" in state.pending)
        assert ("a.one" not in state.records) or "a.one" not in returned
        assert ("a.one" in state.records) or "a.two" in returned

    assert replay(disk.events, check, start) > 20
