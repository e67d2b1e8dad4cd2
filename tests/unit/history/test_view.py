"""The database is only a view: it says what the event files say, however it was made."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlplan.errors import HistoryError
from amlplan.history import NEXT
from amlplan_state.runs import database, ingesting, store
from history_support import content, counts, finish, history, line, make_run, opened, write
from small_disk import small_disk

if TYPE_CHECKING:
    from amlplan_state.runs.store import EventHistory

RUNS = ["digits_1_00000001", "digits_1_00000002"]
NAMES = st.sampled_from(["mse", "loss", "\ud800", "nul\0", ""])
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.text(max_size=3),
)
TIMES = st.integers(0, 5).map(float)


def fields(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    text = st.text(max_size=3)
    of_kind: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "metric": {"name": NAMES, "value": NUMBERS, "step": st.none() | st.integers(0, 9)},
        "status": {"status": st.sampled_from(sorted(NEXT)), "reason": st.none() | text},
        "tag": {"name": NAMES, "value": st.none() | text},
        "property": {"name": NAMES, "value": text},
        "parameter": {"name": NAMES, "value": text},
        "row": {"name": NAMES, "values": st.dictionaries(text, NUMBERS, max_size=2)},
        "run": {"history": text, "name": text, "number": st.integers(1, 9), "parent": st.none()},
        "outputs": {
            "files": st.dictionaries(text, text, max_size=2),
            "left_out": st.just({}),
            "more": st.booleans(),
        },
        "unknown": {},
    }
    return st.fixed_dictionaries({"type": st.just(kind), **of_kind[kind]})


KINDS = [
    "metric",
    "metric",
    "status",
    "status",
    "tag",
    "property",
    "parameter",
    "row",
    "run",
    "outputs",
]
EVENT = st.tuples(
    st.sampled_from([*KINDS, "unknown"]).flatmap(fields), TIMES, st.sampled_from(["", ".1", ".2"])
)
GARBAGE = st.sampled_from(
    [
        b"\n",
        b"{}\n",
        b"[1]\n",
        b'{"n": 0, "t": 1.0, "type": "metric", "name": "mse", "value": NaN}\n',
        b'{"n": 0, "t": "1", "type": "metric", "name": "mse", "value": 1}\n',
        b'{"n": 0, "t": 1e999, "type": "tag", "name": "a", "value": null}\n',
        b'{"n": 0, "t": 1.0, "run": "other", "type": "tag", "name": "a", "value": null}\n',
        b'{"n": 0, "t": 1.0, "type": "metric", "na',
        b'{"n": 0, "t": 1.0, "type": "outputs", "files": {"a": 5}}\n',
        b'{"n": 0, "t": 1.0, "type": "edge", "source": "a", "relation": "b", "target": "c"}\n',
        b"\xff\xfe\n",
        b"[" * 5000 + b"\n",
        b"9" * 5000 + b"\n",
    ]
)


@st.composite
def files(draw: st.DrawFn) -> dict[tuple[str, str], bytes]:
    """The bytes of some event files."""
    made: dict[tuple[str, str], bytes] = {}
    for run in RUNS:
        for file in draw(st.sampled_from([["a"], ["a", "b"], ["a", "b", "control"]])):
            lines = []
            for number, item in enumerate(draw(st.lists(st.one_of(EVENT, EVENT, GARBAGE)))):
                if isinstance(item, bytes):
                    lines.append(item)
                    continue
                event, moment, child = item
                of = {"run": run + child} if child else {}
                event = dict(event)
                lines.append(line(number, event.pop("type"), moment, **of, **event))
            made[run, file] = b"".join(lines)
    return made


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=files(), data=st.data())
def test_what_was_taken_in_by_pieces_is_what_a_rebuild_takes(
    made: dict[tuple[str, str], bytes], data: st.DataObject
) -> None:
    take_in_by_pieces(made, data)


@pytest.mark.usefixtures("in_postgresql")
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=files(), data=st.data())
def test_what_was_taken_in_by_pieces_is_what_a_rebuild_takes_in_postgresql_too(
    made: dict[tuple[str, str], bytes], data: st.DataObject
) -> None:
    take_in_by_pieces(made, data)


def take_in_by_pieces(made: dict[tuple[str, str], bytes], data: st.DataObject) -> None:
    """Take in files as they grow, and compare with a history that is made again from them."""
    with TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        incremental = opened(workspace)
        left = dict(made)
        while any(left.values()):
            for key, rest in list(left.items()):
                cut = data.draw(st.integers(0, len(rest)) | st.just(len(rest)))
                write(workspace, *key, rest[:cut])
                left[key] = rest[cut:]
            incremental.sync(data.draw(st.sampled_from([None, *RUNS])))
        incremental.sync()
        for run in RUNS:
            incremental.sync(run)
        before = content(workspace)
        for found in incremental.runs():
            incremental.run(found.id)
            incremental.records(found.id)
        incremental.rebuild()
        assert content(workspace) == before
        assert incremental.sync(RUNS[0]).events == 0


@pytest.mark.usefixtures("each_database")
def test_a_torn_line_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    whole = line(0, "metric", 1.0, name="a", value=1)
    for cut in range(1, len(whole)):
        write(tmp_path / "workspace", run, f"f{cut}", whole[:cut])
    assert store.sync().events == 0
    for cut in range(1, len(whole)):
        write(tmp_path / "workspace", run, f"f{cut}", whole[cut:])
    assert store.sync().events == len(whole) - 1
    assert store.run(run).skipped == 0


@pytest.mark.usefixtures("each_database")
def test_a_run_whose_folder_is_gone_is_forgotten(tmp_path: Path) -> None:
    store = filled(tmp_path)
    workspace = tmp_path / "workspace"
    gone = store.runs()[0].id
    write(workspace, gone, "f", line(0, "tag", 1.0, run=f"{gone}.1", name="a", value="b"))
    store.sync(gone)
    shutil.rmtree(workspace / "runs" / gone)
    store.sync()
    after = content(workspace)
    assert len(after["runs"]) == 1
    store.rebuild()
    assert content(workspace) == after
    assert make_run(store).number == 3


@pytest.mark.usefixtures("each_database")
def test_garbage_is_counted_and_hides_nothing(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    good = line(0, "metric", 1.0, name="a", value=1)
    write(tmp_path / "workspace", run, "f", b"garbage\n" + good + b"{}\n\xff\n" + good)
    taken = store.sync()
    assert (taken.events, taken.skipped) == (2, 3)
    assert store.run(run).skipped == 3
    assert store.run(run).metrics["a"].count == 2


def test_lines_longer_than_what_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "_CHUNK", 10)
    monkeypatch.setattr(ingesting, "_BATCH", 3)
    store = history(tmp_path)
    run = make_run(store).id
    data = b"".join(line(n, "metric", float(n), name="a", value=n) for n in range(50))
    write(tmp_path / "workspace", run, "f", data + data[:20])
    assert store.sync().events == 50
    assert [point.value for point in store.series(run, "a")] == list(range(50))


def filled(tmp_path: Path) -> EventHistory:
    """A history with two runs, one of which ended."""
    made = history(tmp_path)
    for number in range(2):
        run = make_run(made).id
        made.append_control(run, {"type": "metric", "name": "a", "value": number})
    finish(made, run)
    made.add_edge("data", "read by", run)
    made.sync()
    return made


def database_of(tmp_path: Path) -> Path:
    return tmp_path / "workspace" / "history" / "history.sqlite"


@pytest.mark.parametrize("left", ["nothing", "empty file", "log of the old one"])
def test_a_deleted_database_is_made_again_before_numbers_are_given(
    left: str, tmp_path: Path
) -> None:
    store = filled(tmp_path)
    before = content(tmp_path / "workspace")
    database_of(tmp_path).unlink()
    if left == "empty file":
        database_of(tmp_path).touch()
    if left == "log of the old one":
        database_of(tmp_path).with_name("history.sqlite-wal").write_bytes(b"7" * 9000)
    assert make_run(store).number == 3
    store.sync()
    after = content(tmp_path / "workspace")
    assert set(before["metrics"]) <= set(after["metrics"])
    assert len(after["runs"]) == 3


@pytest.mark.parametrize("keep", [10, 100, 5000, 20000])
def test_a_truncated_database_says_how_it_is_made_again(keep: int, tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = content(tmp_path / "workspace")
    path = database_of(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(HistoryError, match="amlplan history rebuild"):
        store.run("latest")
    with pytest.raises(HistoryError, match="amlplan history rebuild"):
        make_run(store)
    store.rebuild()
    assert content(tmp_path / "workspace") == before
    assert make_run(store).number == 3


@pytest.mark.parametrize("bad", [b"this is no database" * 1000, b"SQLite format 3\0" * 600])
def test_a_foreign_file_says_how_it_is_replaced(bad: bytes, tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = content(tmp_path / "workspace")
    database_of(tmp_path).write_bytes(bad)
    with pytest.raises(HistoryError, match=r"The history is damaged.*amlplan history rebuild"):
        store.runs()
    store.rebuild()
    assert content(tmp_path / "workspace") == before


def test_a_database_of_others_is_no_history(tmp_path: Path) -> None:
    store = filled(tmp_path)
    database.remove(database_of(tmp_path))
    connection = sqlite3.connect(database_of(tmp_path))
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(HistoryError, match="is no history of runs"):
        store.runs()


def test_a_newer_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    store = filled(tmp_path)
    connection = sqlite3.connect(database_of(tmp_path))
    connection.execute("UPDATE meta SET format = 4")
    connection.commit()
    connection.close()
    for use in (store.runs, store.sync, lambda: make_run(store)):
        with pytest.raises(HistoryError, match=r"has format 4; .* up to format 3\. Use the newer"):
            use()
    store.rebuild()
    assert len(store.runs()) == 2


def test_an_older_format_is_made_again_by_a_rebuild(tmp_path: Path) -> None:
    store = filled(tmp_path)
    before = content(tmp_path / "workspace")
    connection = sqlite3.connect(database_of(tmp_path))
    connection.execute("UPDATE meta SET format = 2")
    connection.execute("ALTER TABLE runs DROP COLUMN moment")
    connection.commit()
    connection.close()
    for use in (store.runs, store.sync, lambda: make_run(store)):
        with pytest.raises(HistoryError, match=r"has format 2; .*amlplan history rebuild"):
            use()
    store.rebuild()
    assert content(tmp_path / "workspace") == before
    assert make_run(store).number == 3


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = f"22 1 0:21 / {tmp_path} rw - nfs4 server:/export rw\n"
    monkeypatch.setattr(store, "current_mounts", lambda: mounts)
    with pytest.raises(HistoryError, match=r"is on nfs4.*Set path of the workspace"):
        history(tmp_path)


def test_a_read_only_history_can_be_read(tmp_path: Path) -> None:
    with small_disk(tmp_path / "workspace", "4m") as disk:
        store = filled(tmp_path)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert len(store.runs()) == 2
        assert store.run("latest").metrics["a"].count == 1
        assert store.sync().is_read_only
        assert len(store.runs()) == 2
        for use in (store.rebuild, lambda: make_run(store)):
            with pytest.raises(HistoryError, match="Read-only file system"):
                use()


@pytest.mark.parametrize("free", [0, 40_000, 120_000])
def test_a_full_disk_loses_nothing(free: int, tmp_path: Path) -> None:
    with small_disk(tmp_path / "workspace", "4m") as disk:
        store = history(tmp_path)
        run = make_run(store).id
        data = b"".join(line(n, "metric", float(n), name="a", value=n) for n in range(5000))
        write(disk, run, "f", data)
        fill(disk / "filler", free)
        for use in (store.sync, store.rebuild, lambda: tag(store, run, "x" * 200_000)):
            with pytest.raises(HistoryError, match="space"):
                use()
        (disk / "filler").unlink()
        tag(store, run, "after")
        store.sync()
        found = store.run(run)
        assert found.metrics["a"].count == 5000
        assert (found.skipped, found.tags) == (0, {"kept": "after"})
        before = content(disk)
        store.rebuild()
        assert content(disk) == before


def tag(store: EventHistory, run: str, value: str) -> None:
    store.append_control(run, {"type": "tag", "name": "kept", "value": value})


def fill(path: Path, free: int) -> None:
    """Make a file that takes all space but some."""
    with path.open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            filler.truncate(filler.tell() - free)


@pytest.mark.usefixtures("each_database")
def test_a_number_that_a_killed_process_took_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history_store = filled(tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_first_event", killed)
        with pytest.raises(KeyboardInterrupt):
            make_run(history_store)
    assert [run.number for run in history_store.runs()] == [2, 1]
    assert make_run(history_store).number == 4
    history_store.rebuild()
    assert make_run(history_store).number == 5
    (tmp_path / "workspace" / "runs" / "digits_1_0000000f" / "events").mkdir(parents=True)
    history_store.sync()
    history_store.rebuild()
    assert counts(tmp_path / "workspace")["runs"] == 4
