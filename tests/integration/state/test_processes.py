from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import LockedError
from state_support import HOLDER, backend, record, silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlplan.backend import Holder

CHILD = Path(__file__).with_name("child_process.py")


@contextmanager
def child(command: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the state open."""
    process = subprocess.Popen(
        [sys.executable, str(CHILD), command, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        with pytest.raises(LockedError, match="ana on build7"):
            backend(tmp_path).open(HOLDER, timeout=0, waiting=silent)
        process.kill()
        process.wait()
        with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
            writer.finish("a.one", record("a.one"))


def test_a_killed_holder_lets_the_one_go_on_that_waits(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        told: list[Holder | None] = []

        def waiting(holder: Holder | None) -> None:
            told.append(holder)
            process.kill()

        with backend(tmp_path).open(HOLDER, timeout=10, waiting=waiting):
            assert len(told) == 1


def test_a_stopped_holder_still_holds(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(LockedError, match=r"ana on build7 .*`amlplan apply`"):
            backend(tmp_path).open(HOLDER, timeout=0.4, waiting=silent)
        assert time.monotonic() - start >= 0.4


def test_the_lock_file_deleted_under_a_process(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        (tmp_path / "state.json.lock").unlink()
        with pytest.raises(LockedError):
            backend(tmp_path).open(HOLDER, timeout=0.2, waiting=silent)
        process.kill()
        process.wait()
        with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
            pass


def test_a_child_of_the_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
        sleeper = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
            pass
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.slow
def test_readers_beside_a_writer_never_miss_anything(tmp_path: Path) -> None:
    reads, last, serials = 0, 0, set()
    with child("conclude", tmp_path) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        until = time.monotonic() + 4
        told = b""
        reported = -1
        while time.monotonic() < until:
            with suppress(BlockingIOError):
                told += os.read(process.stdout.fileno(), 1 << 20)
            lines = told.split(b"\n")
            told = lines[-1]
            reported = int(lines[-2]) if len(lines) > 1 else reported
            state = backend(tmp_path).reader().read()
            assert state is not None
            assert sorted(state.records) == [f"a.n{n:06}" for n in range(len(state.records))]
            assert len(state.records) >= max(last, reported + 1)
            last = len(state.records)
            serials.add(state.serial)
            reads += 1
    print(f"{reads} reads, {len(serials)} snapshots, {last} records")
    assert last > 20
    assert len(serials) > 10


@pytest.mark.slow
def test_killed_at_any_moment_nothing_reported_is_lost(tmp_path: Path) -> None:
    chance = random.Random(7)
    state = None
    for _ in range(15):
        with child("conclude", tmp_path) as process:
            assert process.stdout is not None
            time.sleep(chance.uniform(0.0, 0.15))
            process.kill()
            process.wait()
            reported = [int(line) for line in process.stdout.read().splitlines()]
        state = backend(tmp_path).reader().read()
        assert state is not None
        assert set(state.records) >= {f"a.n{number:06}" for number in reported}
        assert sorted(state.records) == [f"a.n{n:06}" for n in range(len(state.records))]
        assert len(state.pending) <= 1
    assert state is not None
    assert len(state.records) > 20
