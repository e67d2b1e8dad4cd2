from __future__ import annotations

import subprocess
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import StateError
from state_support import HOLDER, backend, failure_of, intent, record, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amlplan_state.writer import LocalWriter

PAGE = 4096


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 256 KiB of its own."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def work(writer: LocalWriter, done: list[str]) -> None:
    for number in range(8):
        name = f"a.n{number}"
        writer.begin(intent(name, padding=2900))
        writer.finish(name, record(name, padding=2900))
        done.append(name)
        if number % 4 == 3:
            writer.conclude(None, None)


def test_a_full_disk(tmp_path: Path) -> None:
    failed = finished = 0
    with small_disk(tmp_path / "small") as small:
        for pages in range(40):
            folder = small / f"case{pages}"
            folder.mkdir()
            (small / "filler").write_bytes(b"")
            free = int(subprocess.check_output(["stat", "-f", "-c", "%a", str(small)], text=True))
            (small / "filler").write_bytes(bytes((free - pages) * PAGE))
            done: list[str] = []
            failure = failure_of(partial(live, folder, done))
            if failure is None:
                finished += 1
            else:
                failed += 1
                assert "No space left on device" in failure.detail
            (small / "filler").unlink()
            check(folder, done)
            subprocess.run(["rm", "-r", str(folder)], check=True)
    print(f"{failed} sizes too small, {finished} large enough")
    assert failed > 15
    assert finished > 0


def live(folder: Path, done: list[str]) -> None:
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        try:
            work(writer, done)
        except StateError:
            with pytest.raises(StateError, match="can no longer be written"):
                writer.begin(intent("a.more"))
            raise


def check(folder: Path, done: list[str]) -> None:
    state = backend(folder).reader().read()
    if state is None:
        assert done == []
    else:
        expected = [f"a.n{number}" for number in range(8)]
        assert list(state.records) == expected[: len(state.records)]
        assert len(done) <= len(state.records) <= len(done) + 1
        assert set(state.pending) <= set(expected[len(state.records) :][:1])
    with backend(folder).open(HOLDER, timeout=0, waiting=silent) as writer:
        writer.finish("a.later", record("a.later"))
        assert writer.conclude(None, None) == backend(folder).reader().read()


def test_a_read_only_folder_is_read_and_not_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as small:
        with backend(small).open(HOLDER, timeout=0, waiting=silent) as writer:
            writer.finish("a.one", record("a.one"))
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        state = backend(small).reader().read()
        assert state is not None
        assert set(state.records) == {"a.one"}
        for path in ("state.json", "other.json"):
            with pytest.raises(StateError, match="Read-only file system") as raised:
                backend(small, path=path).open(HOLDER, timeout=0, waiting=silent)
            assert f"{path}.lock" in raised.value.detail
            assert "choose another path in the state block" in raised.value.detail
