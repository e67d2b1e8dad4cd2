from __future__ import annotations

import errno
import os
import stat
import threading
import time
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import StateError
from amlplan_schemas.state import Applied, StateOutput
from amlplan_state.durable import Disk
from state_support import HOLDER, backend, failure_of, intent, record, silent

if TYPE_CHECKING:
    from pathlib import Path

    from amlplan_schemas.state import State
    from amlplan_state.writer import LocalWriter

APPLIED = Applied(plan="p", by="ana", host="h", at="now")


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def read(folder: Path) -> State:
    state = backend(folder).reader().read()
    assert state is not None
    return state


def test_first_open_makes_an_empty_state(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        state = writer.state
        assert read(tmp_path) == state
    assert (state.serial, state.records, state.tool_version) == (1, {}, "0.1.0")
    assert len(state.lineage) == 36
    assert len(bytes.fromhex(state.salt)) == 16
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        assert writer.state == state


def test_modes(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
            writer.finish("a.one", record("a.one"))
            writer.conclude(None, None)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {
        "state.json": 0o600,
        "state.json.journal": 0o600,
        "state.json.lock": 0o600,
        "state.json.history": 0o700,
    }


def test_each_entry_is_there_for_readers_when_its_call_returns(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.begin(intent("a.one"))
        assert read(tmp_path).pending == {"a.one": intent("a.one")}
        writer.step("a.one", "copied", {"bytes": 3, "parts": (1, 2)})
        assert read(tmp_path).pending["a.one"].steps == {"copied": {"bytes": 3, "parts": [1, 2]}}
        assert read(tmp_path) == writer.state
        writer.finish("a.one", record("a.one"))
        assert read(tmp_path) == writer.state
        assert writer.state.records == {"a.one": record("a.one")}
        assert writer.state.pending == {}
        writer.finish("a.one", None)
        assert read(tmp_path).records == {}


def test_a_state_that_was_given_does_not_change(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        given = writer.state
        writer.finish("a.one", record("a.one"))
        assert given.records == {}
        assert writer.state is writer.state


def test_records_are_a_live_view(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        records = writer.records
        writer.finish("a.one", record("a.one"))
        writer.conclude(None, None)
        writer.finish("a.two", record("a.two"))
        assert records == writer.records == writer.state.records
        assert set(records) == {"a.one", "a.two"}


def test_the_plan_under_way_is_known_until_it_is_concluded(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        assert read(tmp_path).underway is None
        writer.begin(intent("a.one"))
        writer.finish("a.one", record("a.one"))
        assert writer.state.underway == read(tmp_path).underway == "plan-1"
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        assert writer.state.underway == "plan-1"
        assert writer.conclude(None, None).underway is None
        assert read(tmp_path).underway is None


def test_conclude(tmp_path: Path) -> None:
    outputs = {"url": StateOutput(value="http://x")}
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.one", record("a.one"))
        writer.begin(intent("a.two"))
        writer.step("a.two", "copied", 1)
        before = writer.state
        state = writer.conclude(outputs, APPLIED)
        assert state == writer.state == read(tmp_path)
        assert state == before.model_copy(
            update={"serial": 2, "outputs": outputs, "applied": APPLIED, "underway": None}
        )
        assert state.pending["a.two"].steps == {"copied": 1}
        assert (tmp_path / "state.json.journal").read_bytes() == b""
        assert not (tmp_path / "state.json.new").exists()
        writer.finish("a.two", record("a.two"))
        assert writer.conclude(None, None).outputs == outputs
        assert writer.state.applied == APPLIED
    assert read(tmp_path).serial == 3


def test_conclude_without_a_change_writes_nothing(tmp_path: Path) -> None:
    outputs = {"url": StateOutput(value="http://x")}
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        assert writer.conclude({}, APPLIED).serial == 1
        assert writer.conclude(outputs, APPLIED).serial == 2
        before = files(tmp_path)
        assert writer.conclude(outputs, APPLIED).serial == 2
        assert writer.conclude(None, None).serial == 2
        assert files(tmp_path) == before


def test_what_an_interrupted_command_left_is_folded_in(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.begin(intent("a.one"))
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        assert set(writer.state.pending) == {"a.one"}
        assert writer.conclude(None, None).serial == 2
    assert set(read(tmp_path).pending) == {"a.one"}


def test_ten_earlier_snapshots_are_kept(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        for number in range(13):
            writer.finish("a.one", record("a.one", number))
            writer.conclude(None, None)
    names = [path.rpartition("/")[2] for path in backend(tmp_path).earlier()]
    assert names == [f"{serial:08}.json" for serial in range(13, 3, -1)]
    assert len(list((tmp_path / "state.json.history").iterdir())) == 10


def test_a_snapshot_half_written_before_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "state.json.new").write_bytes(b"half")
    assert backend(tmp_path).reader().read() is None
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.one", record("a.one"))
    assert set(read(tmp_path).records) == {"a.one"}


def test_ten_threads(tmp_path: Path) -> None:
    def work(writer: LocalWriter, thread: int) -> None:
        for number in range(100):
            address = f"a.t{thread}_{number}"
            writer.begin(intent(address))
            assert address in writer.state.pending
            writer.finish(address, record(address))

    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        threads = [threading.Thread(target=work, args=(writer, number)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert writer.syncs / 1000 <= 1.5
        assert len(writer.state.records) == 1000
        assert writer.state.pending == {}
        assert read(tmp_path) == writer.state
        assert writer.conclude(None, None) == read(tmp_path)


class SlowDisk(Disk):
    """A medium that takes its time."""

    def sync(self, descriptor: int) -> None:
        time.sleep(0.01)
        super().sync(descriptor)


def test_what_gathers_during_a_sync_shares_the_next_one(tmp_path: Path) -> None:
    def work(writer: LocalWriter, thread: int) -> None:
        for number in range(5):
            writer.begin(intent(f"a.t{thread}_{number}"))
            writer.finish(f"a.t{thread}_{number}", None)

    with backend(tmp_path, SlowDisk()).open(HOLDER, timeout=0, waiting=silent) as writer:
        threads = [threading.Thread(target=work, args=(writer, number)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert writer.syncs / 50 <= 0.5


def test_closing_writes_what_is_queued_and_refuses_what_comes_later(tmp_path: Path) -> None:
    opened = backend(tmp_path, SlowDisk()).open(HOLDER, timeout=0, waiting=silent)
    failures: list[StateError] = []

    def work(writer: LocalWriter) -> None:
        try:
            for number in range(1000):
                writer.finish(f"a.n{number}", record(f"a.n{number}"))
                done.append(number)
        except StateError as failure:
            failures.append(failure)

    done: list[int] = []
    with opened as writer:
        thread = threading.Thread(target=work, args=(writer,))
        thread.start()
        while not done:
            time.sleep(0.001)
    thread.join()
    assert failures[0].summary == "The state is closed"
    assert len(read(tmp_path).records) == len(done)


def test_a_step_without_an_operation_is_a_defect(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        with pytest.raises(ValueError, match=r"no operation is under way at a\.one"):
            writer.step("a.one", "copied", None)
        writer.begin(intent("a.one"))


def test_what_json_cannot_hold_is_refused_and_does_no_harm(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.begin(intent("a.one"))
        for call in (
            lambda: writer.step("a.one", "copied", object()),
            lambda: writer.finish(
                "a.one", record("a.one").model_copy(update={"derived": {"x": object()}})
            ),
            lambda: writer.conclude({"x": StateOutput(value="\ud800")}, None),
        ):
            with pytest.raises(StateError, match="A value cannot be stored"):
                call()
        writer.finish("a.one", record("a.one"))
        writer.conclude(None, None)
    assert set(read(tmp_path).records) == {"a.one"}


class FullDisk(Disk):
    """A medium with room for so many bytes more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, data: bytes) -> None:
        fits, self.room = data[: self.room], self.room - len(data)
        super().write(descriptor, fits)
        if self.room < 0:
            self.room = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def scenario(writer: LocalWriter, done: list[str]) -> None:
    for number in range(4):
        name = f"a.n{number}"
        writer.begin(intent(name))
        writer.finish(name, record(name))
        done.append(name)
        if number == 1:
            writer.conclude(None, None)
            done.append("concluded")
    writer.conclude({"x": StateOutput(value=1)}, None)


def check_after_failure(folder: Path, done: list[str]) -> None:
    state = backend(folder).reader().read()
    if state is None:
        assert done == []
        return
    names = [name for name in done if name != "concluded"]
    assert set(names) <= set(state.records) <= {"a.n0", "a.n1", "a.n2", "a.n3"}
    assert len(state.records) <= len(names) + 1
    assert state.serial >= 1 + done.count("concluded")
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.later", record("a.later"))
        assert writer.conclude(None, None) == backend(folder).reader().read()


def test_a_full_disk_at_any_byte(tmp_path: Path) -> None:
    failed = 0
    for room in range(0, 12000, 131):
        folder = tmp_path / str(room)
        folder.mkdir()
        done: list[str] = []

        def life(folder: Path = folder, room: int = room, done: list[str] = done) -> None:
            with backend(folder, FullDisk(room)).open(HOLDER, timeout=0, waiting=silent) as writer:
                failure = failure_of(lambda: scenario(writer, done))
                if failure is not None:
                    check_that_it_stays_so(writer, failure)
                    raise failure

        failure = failure_of(life)
        if failure is not None:
            failed += 1
            assert "No space left on device" in failure.detail
            assert failure.summary.startswith("The state can")
        if failure is not None and failure.summary == "The state cannot be written":
            assert list(folder.glob("*.json*")) == [folder / "state.json.lock"]
        check_after_failure(folder, done)
    assert 20 < failed < 92


def check_that_it_stays_so(writer: LocalWriter, failure: StateError) -> None:
    assert "reported as written before is safe" in failure.detail
    for call in (
        lambda: writer.begin(intent("a.more")),
        lambda: writer.finish("a.more", None),
        lambda: writer.conclude(None, None),
    ):
        again = failure_of(call)
        assert again is not None
        assert again.args == failure.args


class BrokenSync(Disk):
    """A medium that fails a wait for it, the `nth` from now."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def sync(self, descriptor: int) -> None:
        self._count()
        super().sync(descriptor)

    def sync_folder(self, path: Path) -> None:
        self._count()
        super().sync_folder(path)

    def rename(self, source: Path, target: Path) -> None:
        self._count()
        super().rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        self._count()
        super().link(source, target)

    def truncate(self, descriptor: int, length: int) -> None:
        self._count()
        super().truncate(descriptor, length)


def test_a_failure_of_any_step(tmp_path: Path) -> None:
    for nth in range(1, 40):
        folder = tmp_path / str(nth)
        folder.mkdir()
        done: list[str] = []
        disk = BrokenSync(nth)

        def life(folder: Path = folder, disk: Disk = disk, done: list[str] = done) -> None:
            with backend(folder, disk).open(HOLDER, timeout=0, waiting=silent) as writer:
                scenario(writer, done)

        failure = failure_of(life)
        assert (failure is None) == (disk.left > 0)
        assert failure is None or "Input/output error" in failure.detail
        check_after_failure(folder, done)
    assert disk.left > 0


def test_a_missing_folder(tmp_path: Path) -> None:
    missing = tmp_path / "not there"
    assert backend(missing).reader().read() is None
    with pytest.raises(StateError, match=f"mkdir -p '{missing}'"):
        backend(missing).open(HOLDER, timeout=0, waiting=silent)


def test_time_grows_with_the_number_of_operations_only(tmp_path: Path) -> None:
    def cost(name: str, count: int) -> float:
        (tmp_path / name).mkdir()
        with backend(tmp_path / name).open(HOLDER, timeout=0, waiting=silent) as writer:
            start = time.thread_time() + time.process_time()
            for number in range(count):
                writer.finish(f"a.n{number}", record(f"a.n{number}"))
            return (time.thread_time() + time.process_time() - start) / count

    cost("warm", 100)
    assert cost("many", 2000) < 3 * cost("few", 200)
