"""Putting a whole state in the place of another: refusals, damage, and ends at any moment."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.backend import Exchanges, ShowsLock, Versions
from amlplan.errors import EXIT_STATE, LockedError, StateError, StateFormatError
from amlplan.provider import has
from amlplan_schemas.state import Edit
from amlplan_state.durable import Disk
from amlplan_state.earlier import newest_good
from amlplan_state.paths import StatePaths
from power_loss import Event, Image, RecordingDisk, replay, write_out
from state_support import EDIT, HOLDER, backend, failure_of, intent, push, record, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from amlplan_schemas.state import State

CHILD = Path(__file__).parents[2] / "integration" / "state" / "push_process.py"


def apply(folder: Path, *names: str) -> State:
    """Record these addresses, with a snapshot after each."""
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        for name in names:
            writer.finish(name, record(name))
            writer.conclude(None, None)
        return writer.state


def pulled(folder: Path, name: str = "pulled.json") -> Path:
    """The state of a folder in a file beside it."""
    state = backend(folder).reader().read()
    assert state is not None
    path = folder.parent / name
    path.write_bytes(backend(folder).document(state))
    return path


def read(folder: Path) -> State:
    state = backend(folder).reader().read()
    assert state is not None
    return state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a state of serial 3, made of two records."""
    made = tmp_path / "project"
    made.mkdir()
    apply(made, "a.one", "a.two")
    return made


def test_the_local_backend_has_the_abilities(tmp_path: Path) -> None:
    for ability in (Versions, Exchanges, ShowsLock):
        assert has(backend(tmp_path), ability)


def test_a_document_is_the_file_as_it_is_stored(folder: Path) -> None:
    assert backend(folder).document(read(folder)) == (folder / "state.json").read_bytes()


def test_a_newer_state_of_the_same_lineage_takes_the_place(folder: Path) -> None:
    older = pulled(folder, "older.json")
    apply(folder, "a.three")
    newer = pulled(folder)
    push(folder, older, force=True)
    assert read(folder).serial == 5
    shutil.rmtree(folder)
    folder.mkdir()
    shutil.copy(older, folder / "state.json")
    done = push(folder, newer)
    assert done.before is not None
    assert (done.before.serial, done.after.serial) == (3, 4)
    assert read(folder) == done.after
    assert set(read(folder).records) == {"a.one", "a.two", "a.three"}
    kept = [item.serial for item in backend(folder).snapshots()]
    assert kept == [4, 3]


def test_where_nothing_was_it_is_put_as_it_is(folder: Path, tmp_path: Path) -> None:
    document = pulled(folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert push(elsewhere, document).before is None
    assert read(elsewhere) == read(folder)
    assert newest_good(StatePaths(elsewhere / "state.json")) is not None
    apply(elsewhere, "a.three")
    assert read(elsewhere).serial == 4


@pytest.mark.parametrize(
    ("make", "summary"),
    [
        ("same", "not newer"),
        ("older", "not newer"),
        ("foreign", "another lineage"),
        ("pending", "was interrupted"),
    ],
)
def test_what_would_lose_something_is_refused_until_forced(
    folder: Path, tmp_path: Path, make: str, summary: str
) -> None:
    document = pulled(folder)
    if make == "older":
        apply(folder, "a.three")
    elif make == "foreign":
        other = tmp_path / "other"
        other.mkdir()
        apply(other, "b.one", "b.two", "b.three")
        document = pulled(other)
    elif make == "pending":
        with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
            writer.begin(intent("a.three"))
        newer = read(folder).model_copy(update={"serial": 9})
        document.write_bytes(backend(folder).document(newer))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    state = read(folder)
    for attempt in (
        lambda: push(folder, document),
        lambda: backend(folder).examine(
            backend(folder).parse(document.read_bytes(), "it"), force=False
        ),
    ):
        failure = failure_of(attempt)
        assert failure is not None
        assert summary in failure.summary
        assert "-force" in failure.detail
        assert failure.exit_code == EXIT_STATE
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    done = push(folder, document, force=True)
    assert done.after.serial > state.serial
    everything = [item.state for item in backend(folder).snapshots()]
    assert any(
        item is not None and (item.records, item.pending) == (state.records, state.pending)
        for item in everything[1:]
    ), "what was there, with its journal, is among the earlier snapshots"


def test_a_journal_is_folded_into_what_is_kept(folder: Path) -> None:
    document = pulled(folder)
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.three", record("a.three"))
    push(folder, document, force=True)
    serials = {item.serial: item.state for item in backend(folder).snapshots()}
    assert list(serials) == [5, 4, 3, 2, 1]
    kept = serials[4]
    assert kept is not None
    assert "a.three" in kept.records
    assert (folder / "state.json.journal").read_bytes() == b""


def test_a_document_that_is_none_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = (folder / "state.json").read_bytes()
    whole = pulled(folder).read_bytes()
    for text in (b"", b"{}", b"\xff", whole[:-9], whole.replace(b"a.one", b"a.two")):
        (tmp_path / "bad.json").write_bytes(text)
        with pytest.raises(StateFormatError, match=r"bad\.json"):
            push(folder, tmp_path / "bad.json", force=True)
    assert (folder / "state.json").read_bytes() == before


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "edited": lambda path: path.write_bytes(path.read_bytes().replace(b"one", b"two")),
    "vanished": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_over_a_damaged_state_everything_is_kept_aside(folder: Path, damage: str) -> None:
    path = folder / "state.json"
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.begin(intent("a.three"))
    DAMAGE[damage](path)
    broken = path.read_bytes() if path.exists() else None
    log = (folder / "state.json.journal").read_bytes()
    copy = folder / "state.json.history" / "00000002.json"
    done = push(folder, copy)
    assert done.before is None
    assert list(read(folder).records) == ["a.one"]
    assert not read(folder).pending
    assert read(folder).serial == 2
    aside = {Path(name).name: Path(name).read_bytes() for name in done.aside}
    expected = {"state.json.journal.aside": log}
    if broken is not None:
        expected["state.json.aside"] = broken
    assert aside == expected
    apply(folder, "a.four")
    assert read(folder).serial == 3


def test_a_second_damage_is_kept_under_another_name(folder: Path) -> None:
    copy = folder / "state.json.history" / "00000002.json"
    kept: list[str] = []
    for text in (b"first", b"second", b"second"):
        (folder / "state.json").write_bytes(text)
        kept += push(folder, copy).aside
    assert [Path(name).name for name in kept] == [
        "state.json.aside",
        "state.json.aside-2",
        "state.json.aside-2",
    ]
    assert [Path(name).read_bytes() for name in kept[:2]] == [b"first", b"second"]


def test_the_newest_copy_comes_back_as_it_was(folder: Path) -> None:
    document = pulled(folder)
    for text in (b"", b"x", None, b"[1]", None):
        if text is None:
            (folder / "state.json").unlink()
        else:
            (folder / "state.json").write_bytes(text)
        push(folder, document, force=True)
        assert (folder / "state.json").read_bytes() == document.read_bytes()


def test_an_older_copy_gets_a_serial_that_was_never_given(folder: Path) -> None:
    (folder / "state.json").write_bytes(b"")
    first = push(folder, folder / "state.json.history" / "00000001.json", force=True).after
    assert first.serial == 4, "serial 3 was given to what cannot be read"
    assert first.edit == EDIT
    (folder / "state.json").unlink()
    assert push(folder, folder / "state.json.history" / "00000002.json").after.serial == 6


def test_a_journal_that_continues_what_is_pushed_stays(folder: Path) -> None:
    backup = pulled(folder)
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.begin(intent("a.three"))
        writer.finish("a.four", record("a.four"))
    state = read(folder)
    (folder / "state.json").write_bytes(b"")
    assert push(folder, backup).after == state
    assert read(folder) == state


def test_only_the_journal_is_damaged(folder: Path) -> None:
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        for name in ("a.three", "a.four", "a.five"):
            writer.finish(name, record(name))
    journal = folder / "state.json.journal"
    journal.write_bytes(journal.read_bytes().replace(b"a.four", b"a.ruof"))
    with pytest.raises(StateError, match="only the journal is in trouble"):
        push(folder, folder / "state.json.history" / "00000002.json")
    broken = journal.read_bytes()
    done = push(folder, folder / "state.json")
    assert set(read(folder).records) == {"a.one", "a.two"}
    assert [Path(name).read_bytes() for name in done.aside] == [broken]
    assert [item.serial for item in backend(folder).snapshots()][:2] == [3, 2]


def test_another_lineage_over_a_damaged_state_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    apply(other, "b.one")
    (folder / "state.json").write_bytes(b"")
    with pytest.raises(StateError, match="another lineage"):
        push(folder, other / "state.json")
    assert push(folder, other / "state.json", force=True).aside


def test_what_another_tool_wrote_is_moved_by_force_only(folder: Path) -> None:
    path = folder / "state.json"
    path.write_bytes(b'{"version": 4, "terraform_version": "1.11.4"}')
    copy = folder / "state.json.history" / "00000002.json"
    with pytest.raises(StateFormatError, match="not amlplan's"):
        push(folder, copy)
    done = push(folder, copy, force=True)
    assert b"terraform" in Path(done.aside[0]).read_bytes()


def test_a_folder_in_the_place_of_the_file_is_left(folder: Path) -> None:
    path = folder / "state.json"
    path.unlink()
    path.mkdir()
    with pytest.raises(StateFormatError, match="is a folder"):
        push(folder, folder / "state.json.history" / "00000002.json", force=True)
    assert path.is_dir()


def test_a_locked_state_is_not_replaced(folder: Path) -> None:
    document = pulled(folder)
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.three", record("a.three"))
        with pytest.raises(LockedError):
            push(folder, document, force=True)
    assert "a.three" in read(folder).records


def test_what_wrote_a_snapshot_stands_in_it_once(folder: Path) -> None:
    edit = Edit(command="state mv", by="ana", host="build7", at="2025-01-02T03:04:05Z")
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.move({"a.one": "a.other"})
        assert writer.conclude(None, None, edit=edit).edit == edit
    assert read(folder).edit == edit
    assert apply(folder, "a.three").edit is None


def test_what_was_pushed_survives_damage_of_the_file_in_its_place(folder: Path) -> None:
    push(folder, pulled(folder), force=True)
    state = read(folder)
    with (folder / "state.json").open("r+b") as file:
        file.truncate(9)
    found = newest_good(StatePaths(folder / "state.json"))
    assert found is not None
    assert found[1] == state


def earlier_copy(folder: Path) -> Path:
    """The earlier snapshot of serial 2 in a file beside the folder."""
    copy = folder.parent / "2.json"
    copy.write_bytes((folder / "state.json.history" / "00000002.json").read_bytes())
    return copy


class FullDisk(Disk):
    """Fails at the n-th thing that it is asked to do."""

    def __init__(self, fails_at: int) -> None:
        self.left = fails_at

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(28, "No space left on device")

    def create(self, path: Path) -> int:
        self._count()
        return super().create(path)

    def write(self, descriptor: int, data: bytes) -> None:
        self._count()
        super().write(descriptor, data)

    def link(self, source: Path, target: Path) -> None:
        self._count()
        super().link(source, target)

    def rename(self, source: Path, target: Path) -> None:
        self._count()
        super().rename(source, target)


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_full_disk_leaves_the_one_or_the_other(folder: Path, is_damaged: bool) -> None:
    document = pulled(folder)
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.three", record("a.three"))
    wanted = {"a.one", "a.two"}
    if is_damaged:
        document, wanted = earlier_copy(folder), {"a.one"}
        (folder / "state.json").write_bytes(b"broken")
    kept = folder.parent / "kept"
    shutil.copytree(folder, kept)
    for number in itertools.count(1):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        disk = FullDisk(number)
        failure = failure_of(lambda disk=disk: push(folder, document, force=True, disk=disk))  # type: ignore[misc]
        if failure is None:
            break
        assert "No space left on device" in failure.detail
        found = failure_of(lambda: read(folder))
        is_before = (folder / "state.json").read_bytes() == b"broken"
        assert (found is not None) == is_before
        push(folder, document, force=True)
        assert set(read(folder).records) == wanted
    assert number > 5


def replay_push(tmp_path: Path, start: str, make: Callable[[Path], RecordingDisk]) -> int:
    """Check each folder that power loss while pushing could leave; how many there were."""
    real = tmp_path / "real"
    real.mkdir()
    apply(real, "a.one")
    document = pulled(real)
    apply(real, "a.two")
    if start == "interrupted":
        with backend(real).open(HOLDER, timeout=0, waiting=silent) as writer:
            writer.finish("a.three", record("a.three"))
    if start == "damaged":
        with backend(real).open(HOLDER, timeout=0, waiting=silent) as writer:
            writer.finish("a.three", record("a.three"))
        (real / "state.json").write_bytes(b"broken")
    if start == "vanished":
        (real / "state.json").unlink()
    disk = make(real)
    begin = disk.adopt()
    before = failure_of(lambda: read(real)) or read(real)
    push(real, document, force=True, disk=disk)
    disk.note(Event("returned", path="push"))
    after = read(real)
    numbers = itertools.count()

    def check(image: Image, so_far: list[Event]) -> None:
        folder = tmp_path / str(next(numbers))
        write_out(image, folder)
        failure = failure_of(lambda: read(folder))
        if failure is not None:
            assert isinstance(before, StateError)
            assert failure.summary == before.summary
            assert not so_far
        else:
            state = read(folder)
            is_new = state == after
            assert is_new or not so_far
            if not is_new:  # what was there, and perhaps its journal folded in
                assert not isinstance(before, StateError)
                assert state.records == before.records
            with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
                assert writer.state == state
        push(folder, document, force=True)
        assert read(folder).records == after.records
        shutil.rmtree(folder)

    return replay(disk.events, check, begin)


@pytest.mark.parametrize("start", ["good", "interrupted", "damaged", "vanished"])
def test_power_loss_at_any_moment_leaves_the_one_or_the_other(tmp_path: Path, start: str) -> None:
    assert replay_push(tmp_path, start, RecordingDisk) > 5


class WithoutSync(RecordingDisk):
    def sync(self, descriptor: int) -> None:
        """Leave it to chance what reaches the medium."""


class WithoutFolderSync(RecordingDisk):
    def sync_folder(self, path: Path) -> None:
        """Leave it to chance which names reach the medium."""


@pytest.mark.parametrize("make", [WithoutSync, WithoutFolderSync])
def test_the_replay_of_a_push_notices_what_is_left_out(
    tmp_path: Path, make: Callable[[Path], RecordingDisk]
) -> None:
    with pytest.raises(AssertionError):
        replay_push(tmp_path, "good", make)


@pytest.mark.slow
@pytest.mark.parametrize("start", ["good", "interrupted", "damaged"])
def test_killed_at_each_write_leaves_the_one_or_the_other(folder: Path, start: str) -> None:
    document = pulled(folder)
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.three", record("a.three"))
        if start == "good":
            writer.conclude(None, None)
    if start == "damaged":
        document = earlier_copy(folder)
        (folder / "state.json").write_bytes(b"broken")
    kept = folder.parent / "kept"
    shutil.copytree(folder, kept)
    outcomes = set()
    for number in itertools.count(1):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        ended = subprocess.run(
            [sys.executable, str(CHILD), str(folder), str(document), str(number)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
        failure = failure_of(lambda: read(folder))
        names = None if failure is not None else tuple(sorted(read(folder).records))
        outcomes.add(names)
        if start == "damaged":
            assert names in (None, ("a.one",))
            broken = [path.read_bytes() for path in folder.glob("state.json*") if path.is_file()]
            assert b"broken" in broken
        else:
            assert names in (("a.one", "a.three", "a.two"), ("a.one", "a.two"))
        assert push(folder, document, force=True).after.records == read(folder).records
        if ended.returncode == 0:
            break
        assert ended.returncode == -9
    assert number > 10
    assert len(outcomes) == 2
