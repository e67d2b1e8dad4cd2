"""A history in PostgreSQL whose server is gone, full, newer, busy, or lets nobody write."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest

from amlplan.errors import HistoryError
from amlplan.history import ServerSettings
from amlplan_state.runs import tables
from amlplan_state.runs.postgresql import connecting
from amlplan_state.runs.postgresql.schema import lock_of
from amlplan_state.runs.postgresql.store import PostgresqlHistory
from history_support import content, finish, history, line, make_run, name_of, opened, worker, write
from services.postgresql import running_server, why_there_is_none
from small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.postgresql import Server


@pytest.fixture
def server(in_postgresql: Server) -> Iterator[Server]:
    """The server, which runs again for the next test whatever happened to it."""
    yield in_postgresql
    in_postgresql.kill()
    in_postgresql.start()


def points(first: int, count: int) -> bytes:
    numbers = range(first, first + count)
    return b"".join(line(n, "metric", float(n), name="a", value=n, step=n) for n in numbers)


def test_a_server_that_is_killed_while_one_takes_in_loses_and_doubles_nothing(
    server: Server, tmp_path: Path
) -> None:
    store = history(tmp_path)
    workspace = tmp_path / "workspace"
    run = make_run(store).id
    for number in range(3):
        write(workspace, run, "f", points(number * 8000, 8000))
        with worker("sync", workspace) as process:
            time.sleep(0.3 + 0.1 * number)
            server.kill()
            process.communicate(timeout=300)
        with pytest.raises(HistoryError, match="The history database cannot be reached"):
            store.sync()
        server.start()
        if store.runs():  # else it was not on the medium yet, and comes again from the files
            found = store.run(run).metrics
            assert sum(metric.count for metric in found.values()) == len(store.series(run, "a"))
    store.sync(wait=True)
    assert [point.step for point in store.series(run, "a")] == list(range(24_000))
    before = content(workspace)
    store.rebuild()
    assert content(workspace) == before


def test_without_a_server_nothing_is_created_and_everything_else_is_kept_for_later(
    server: Server, tmp_path: Path
) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    server.stop()
    with pytest.raises(HistoryError, match=r"cannot be reached.*no server listens there"):
        make_run(store)
    assert len(list((tmp_path / "workspace" / "runs").iterdir())) == 1
    store.append_control(run, {"type": "tag", "name": "kept", "value": "yes"})
    store.add_edge("data", "read by", run)
    for use in (store.sync, store.rebuild, store.runs, store.unfinished):
        with pytest.raises(HistoryError, match="is taken in when the server is back"):
            use()
    server.start()
    store.sync()
    assert store.run(run).tags == {"kept": "yes"}
    assert len(store.lineage("data", "down")) == 1


def test_a_history_of_a_newer_amlplan_is_refused_with_both_numbers(
    in_postgresql: Server, tmp_path: Path
) -> None:
    store = history(tmp_path)
    make_run(store)
    table = f'"amlplan_{name_of(tmp_path / "workspace")}".meta'
    in_postgresql.query(f"UPDATE {table} SET format = 99")
    told = (
        rf"a newer version: it has format 99, and this amlplan knows up to format {tables.FORMAT}"
    )
    for use in (store.runs, store.sync, store.rebuild, lambda: make_run(store)):
        with pytest.raises(HistoryError, match=told):
            use()
    in_postgresql.query(f"UPDATE {table} SET format = {tables.FORMAT}")
    assert len(store.runs()) == 1


@pytest.mark.usefixtures("each_database")
def test_an_older_format_is_brought_up_to_date_once_by_whoever_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    step = "CREATE TABLE added (a {key}); ALTER TABLE runs ADD COLUMN added {text} DEFAULT 'x'"
    monkeypatch.setattr(tables, "STEPS", {**tables.STEPS, 4: step})
    monkeypatch.setattr("amlplan_state.runs.database.FORMAT", 4)
    monkeypatch.setattr("amlplan_state.runs.postgresql.schema.FORMAT", 4)
    failures: list[Exception] = []

    def use() -> None:
        try:
            opened(tmp_path / "workspace").sync(wait=True)
        except Exception as failure:  # noqa: BLE001 - it is told below
            failures.append(failure)

    users = [threading.Thread(target=use) for _ in range(6)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert failures == []
    with store._database.reading() as connection:
        assert connection.execute("SELECT format FROM meta").fetchall() == [(4,)]
        assert connection.execute("SELECT added FROM runs").fetchall() == [("x",)]
    assert store.run(run).summary.number == 1


def test_a_step_that_fails_leaves_the_older_format_as_it_was(
    in_postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    with monkeypatch.context() as patch:
        patch.setattr(tables, "STEPS", {**tables.STEPS, 4: "DROP TABLE runs; SELECT 1 / 0"})
        patch.setattr("amlplan_state.runs.postgresql.schema.FORMAT", 4)
        with pytest.raises(HistoryError, match=r"division by zero \(SQLSTATE 22012\)"):
            store.runs()
    assert store.run(run).summary.number == 1


@pytest.mark.slow
def test_a_full_disk_of_the_server_loses_nothing(tmp_path: Path) -> None:
    why = why_there_is_none()
    if why is not None:
        pytest.skip(why)
    with running_server() as server, small_disk(server.folder / "disk", "14m") as disk:
        shutil.chown(disk, server.user.pw_uid, server.user.pw_gid)
        server.query(f"CREATE TABLESPACE small LOCATION '{disk}'")
        server.query("CREATE DATABASE tiny TABLESPACE small")
        dsn = server.dsn.replace("/postgres", "/tiny")
        store = PostgresqlHistory(tmp_path / "workspace", ServerSettings("main", lambda: dsn))
        run = make_run(store).id
        write(tmp_path / "workspace", run, "f", points(0, 100_000))
        with pytest.raises(HistoryError, match=r"No space left.*the disk of the server is full"):
            store.sync()
        subprocess.run(["mount", "-o", "remount,size=400m", str(disk)], check=True)
        taken = len(store.series(run, "a"))
        assert taken < 100_000
        assert store.sync().events == 100_000 - taken
        assert [point.step for point in store.series(run, "a")] == list(range(100_000))
        server.kill()


def test_a_history_that_somebody_locks_is_busy_for_writers_only(
    in_postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    write(tmp_path / "workspace", run, "f", points(0, 10))
    session = connecting._SESSION.replace("lock_timeout TO '60s'", "lock_timeout TO '200ms'")
    monkeypatch.setattr(connecting, "_SESSION", session)
    lock = lock_of(name_of(tmp_path / "workspace"))
    with psycopg.connect(in_postgresql.dsn, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (lock,))
        with pytest.raises(HistoryError, match=r"The history is busy.*for a long time"):
            store.sync()
        assert len(store.runs()) == 1
        store.append_control(run, {"type": "tag", "name": "a", "value": "b"})
    assert store.sync().events == 11


def test_a_user_who_may_only_read_sees_what_others_took_in(
    in_postgresql: Server, tmp_path: Path
) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    name = name_of(tmp_path / "workspace")
    reader = f"reader_{name}"
    in_postgresql.query(f"CREATE ROLE {reader} LOGIN PASSWORD 'geheim'")
    dsn = in_postgresql.dsn.replace(f"aml:{in_postgresql.password}", f"{reader}:geheim")
    other = PostgresqlHistory(tmp_path / "other", ServerSettings(name, lambda: dsn))
    for use in (other.runs, lambda: make_run(other)):
        with pytest.raises(HistoryError, match="the user that dsn names may not do this"):
            use()
    in_postgresql.query(f'GRANT USAGE ON SCHEMA "amlplan_{name}" TO {reader}')
    in_postgresql.query(f'GRANT SELECT ON ALL TABLES IN SCHEMA "amlplan_{name}" TO {reader}')
    assert other.sync().is_read_only
    assert [found.id for found in other.runs()] == [run]
    assert other.unfinished() == []
    with pytest.raises(HistoryError, match="may not do this"):
        make_run(other)


def test_each_folder_looks_after_its_own_runs(in_postgresql: Server, tmp_path: Path) -> None:
    one, two = (
        PostgresqlHistory(tmp_path / name, ServerSettings("both", lambda: in_postgresql.dsn))
        for name in ("one", "two")
    )
    first, second = make_run(one), make_run(two)
    assert (first.number, second.number) == (1, 2)
    for store, run in ((one, first), (two, second)):
        write(tmp_path / ("one" if store is one else "two"), run.id, "f", points(0, 5))
        store.add_edge("data", "read by", run.id)
        store.sync()
    assert [run.id for run in one.unfinished()] == [first.id]
    assert [run.id for run in two.unfinished()] == [second.id]
    assert {run.id for run in one.runs()} == {first.id, second.id} == {run.id for run in two.runs()}
    assert len(two.series(first.id, "a")) == 5
    assert len(one.lineage("data", "down")) == 2
    with pytest.raises(HistoryError, match="One of another host takes it there"):
        two.append_control(first.id, {"type": "tag", "name": "a", "value": "b"})
    shutil.copytree(tmp_path / "one" / "runs", tmp_path / "two" / "runs", dirs_exist_ok=True)
    two.sync()
    two.rebuild()
    assert len(one.series(first.id, "a")) == 5
    assert [run.id for run in two.unfinished()] == [second.id]
    shutil.rmtree(tmp_path / "two" / "runs")
    two.sync()
    assert [run.id for run in one.runs()] == [first.id]
    one.rebuild()
    assert [run.id for run in two.runs()] == [first.id]
    finish(one, first.id)
    assert two.run(first.id).summary.status == "Completed"


@pytest.mark.usefixtures("each_database")
def test_names_longer_than_any_index_takes_come_back_whole(tmp_path: Path) -> None:
    store = history(tmp_path)
    run = make_run(store).id
    long = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(20_000))
    names = [long, long + "x", "\0" + long, long[:500]]
    for number, name in enumerate(names):
        events = [
            line(0, "metric", 1.0, name=name, value=number),
            line(1, "tag", 1.0, name=name, value=name),
            line(2, "property", 1.0, name=name, value=name),
            line(3, "parameter", 1.0, name=name, value=name),
            line(4, "outputs", 1.0, files={name: "sha256:ab"}, sizes={}, left_out={}),
            line(5, "row", 1.0, name=name, values={}),
            line(6, "run", 1.0, run=f"{run}.{'9' * 5000}", history="h"),
        ]
        write(tmp_path / "workspace", run, f"f{number}", b"".join(events))
    write(
        tmp_path / "workspace",
        "long_1_00000000",
        "f",
        line(0, "run", 1.0, history=long, name=long, parent=long, definition={"a": long}),
    )
    store.sync()
    found = store.run(run)
    assert found.skipped == len(names)
    assert {name: metric.last.value for name, metric in found.metrics.items()} == {
        name: number for number, name in enumerate(names)
    }
    texts = {name: name for name in names}
    assert found.tags == found.properties == found.parameters == texts
    assert set(found.outputs) == set(names)
    assert sorted(row.name for row in store.records(run, "row")) == sorted(names)
    for number, name in enumerate(names):
        assert [point.value for point in store.series(run, name)] == [number]
    assert [other.name for other in store.runs(long)] == [long]


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        ("geheim words", "The dsn is no connection string"),
        ("postgresql://ana:geh/eim@127.0.0.1:1/d", "dsn"),
        ("postgresql://ana:p@geheim@127.0.0.1:1/d", "the name of its host is not known here"),
        ("host=127.0.0.1 port=1 password=geheim", "no server listens there"),
        ("host=/geheim dbname=a", "no server listens there"),
        ("geheim\0", "dsn"),
        ("postgresql://geheim:\ud800@127.0.0.1:1/d", "dsn"),
    ],
)
def test_no_word_of_a_dsn_is_told(dsn: str, told: str, tmp_path: Path) -> None:
    store = PostgresqlHistory(tmp_path, ServerSettings("main", lambda: dsn))
    with pytest.raises(HistoryError) as refused:
        store.runs()
    assert told in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert "geh/eim" not in str(refused.value)


def test_a_server_tells_apart_user_database_and_encoding(
    in_postgresql: Server, tmp_path: Path
) -> None:
    server = in_postgresql
    server.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    for dsn, told in (
        (server.dsn.replace(server.password, "geheim"), "refused the user or the password"),
        (server.dsn.replace("/postgres", "/none"), "no such database"),
        (server.dsn.replace("/postgres", "/latin"), "LATIN1"),
        (server.dsn + "?sslmode=require", "the encryption that was asked for cannot be had"),
    ):
        store = PostgresqlHistory(tmp_path, ServerSettings("main", partial(str, dsn)))
        with pytest.raises(HistoryError, match=told):
            store.runs()
    server.query("DROP DATABASE latin")


def test_without_the_client_library_only_what_needs_the_server_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    store = PostgresqlHistory(tmp_path, ServerSettings("main", lambda: "host=/none"))
    store.add_edge("data", "read by", "run")
    for use in (store.runs, store.sync, lambda: make_run(store)):
        with pytest.raises(HistoryError, match=r"pip install 'amlplan\[postgresql\]'"):
            use()
