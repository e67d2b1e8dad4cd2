from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import AmlplanError, CanceledError
from amlplan.snapshots import snapshot
from amlplan_local.at_once import do_at_once
from amlplan_local.store import MANY, ContentStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("threads", [1, 8])
def test_everything_is_done_once(threads: int) -> None:
    done: list[int] = []
    do_at_once(range(500), done.append, threads)
    assert sorted(done) == list(range(500))


def test_threads_work_at_once() -> None:
    met = threading.Barrier(4, timeout=60)
    do_at_once(range(4), lambda _: met.wait(), 4)


@pytest.mark.parametrize("threads", [1, 8])
def test_the_first_failure_stops_all_and_is_raised(threads: int) -> None:
    done: list[int] = []
    never = threading.Event()

    def do(item: int) -> None:
        done.append(item)
        if item == 10:
            raise KeyboardInterrupt
        never.wait(0.001)

    with pytest.raises(KeyboardInterrupt):
        do_at_once(range(100_000), do, threads)
    assert 10 in done
    assert len(done) < 100_000


def filled(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.txt").write_text(str(number))
    return folder


def test_many_files_are_stored_as_few_are(tmp_path: Path) -> None:
    source = filled(tmp_path / "source", 3 * MANY)
    content = ContentStore(tmp_path / "store", tmp_path / "cache")
    taken = snapshot.scan(source, max_size=1 << 20, max_files=999, cache_folder=tmp_path)
    told: list[str] = []
    snapshot.store(taken, source, content, progress=told.append)
    assert len(told) == 3 * MANY
    snapshot.materialise(taken, content, tmp_path / "work")
    again = snapshot.scan(tmp_path / "work", max_size=1 << 20, max_files=999, cache_folder=tmp_path)
    assert again == taken
    assert not list((tmp_path / "store" / "parts").iterdir())


@pytest.mark.parametrize("how", ["changed", "canceled"])
def test_many_files_are_given_up_together(tmp_path: Path, how: str) -> None:
    source = filled(tmp_path / "source", 3 * MANY)
    content = ContentStore(tmp_path / "store", tmp_path / "cache")
    taken = snapshot.scan(source, max_size=1 << 20, max_files=999, cache_folder=tmp_path)
    (source / "7.txt").write_text("other")

    def check() -> None:
        if how == "canceled":
            raise CanceledError("Interrupted", "")

    with pytest.raises(AmlplanError, match="written to" if how == "changed" else "Interrupted"):
        snapshot.store(taken, source, content, check)
    assert not list((tmp_path / "store" / "parts").iterdir())
    assert not (tmp_path / "store" / "snapshots").exists()
