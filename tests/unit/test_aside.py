from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from amlplan.aside import drop_left_behind, made_folder, make_file

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys, time
from pathlib import Path
from amlplan.aside import made_folder, make_file
base = Path(sys.argv[1])
descriptor = make_file(base / ".it.1.tmp")
with made_folder(base / ".folder.1.tmp"):
    (base / ".folder.1.tmp" / "inside").touch()
    print("held", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_wrote_aside_is_dropped_and_not_before(tmp_path: Path) -> None:
    (tmp_path / ".it.txt").touch()
    (tmp_path / "it.tmp").touch()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        before = names(tmp_path)
        drop_left_behind(tmp_path, ".", ".tmp")
        assert names(tmp_path) == before == [".folder.1.tmp", ".it.1.tmp", ".it.txt", "it.tmp"]
        process.send_signal(signal.SIGKILL)
    drop_left_behind(tmp_path, ".it.", ".tmp")
    assert names(tmp_path) == [".folder.1.tmp", ".it.txt", "it.tmp"]
    drop_left_behind(tmp_path, ".", ".tmp")
    assert names(tmp_path) == [".it.txt", "it.tmp"]


def test_what_was_dropped_before_it_was_held_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = fcntl.flock
    dropped: list[Path] = []

    def flock(descriptor: int, operation: int) -> None:
        if not dropped:
            dropped.extend(tmp_path.iterdir())
            for path in dropped:
                path.rmdir() if path.is_dir() else path.unlink()
        really(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    os.close(make_file(tmp_path / "file"))
    assert (tmp_path / "file").is_file()
    dropped.clear()
    with made_folder(tmp_path / "folder"):
        assert (tmp_path / "folder").is_dir()


def test_a_name_that_is_taken_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "it").touch()
    with pytest.raises(FileExistsError):
        make_file(tmp_path / "it")
