from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from amlplan.errors import EXIT_LOCKED, LockedError, StateError
from amlplan_state import lock
from amlplan_state.filesystems import current_mounts, network_type_of
from amlplan_state.lock import ci_url, read_holder
from state_support import HOLDER, backend, record, silent

if TYPE_CHECKING:
    from amlplan.backend import Holder

MOUNTS = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 0:40 / /home rw,relatime shared:1 - nfs4 server:/home rw
29 28 0:41 / /home/ana/local rw - xfs /dev/vdb rw
30 27 0:42 / /mnt/my\\040share rw - cifs //server/share rw
31 27 0:43 / /mnt/host rw - fuse.sshfs ana@host: rw
32 27 0:44 / /mnt/covered rw - nfs server:/x rw
33 27 0:45 / /mnt/covered rw - tmpfs tmpfs rw
34 27 0:46 / /mnt/c rw - 9p C: rw
"""


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/work", None),
        ("/home/ana", "nfs4"),
        ("/homes", None),
        ("/home/ana/local/project", None),
        ("/mnt/my share/project", "cifs"),
        ("/mnt/host", "fuse.sshfs"),
        ("/mnt/covered/x", None),
        ("/mnt/c/Users", "9p"),
    ],
)
def test_network_type_of(folder: str, expected: str | None) -> None:
    assert network_type_of(Path(folder), MOUNTS) == expected


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert network_type_of(tmp_path, current_mounts()) is None
    mounts = f"27 1 0:1 / / rw - ext4 x rw\n28 27 0:2 / {tmp_path} rw - nfs4 x rw\n"
    monkeypatch.setattr(lock, "current_mounts", lambda: mounts)
    with pytest.raises(StateError, match=f"{tmp_path} is on nfs4") as raised:
        backend(tmp_path).open(HOLDER, timeout=0, waiting=silent)
    assert 'Use state "postgresql"' in raised.value.detail
    assert list(tmp_path.iterdir()) == []
    assert backend(tmp_path).reader().read() is None


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    holder = replace(HOLDER, url="https://ci/7")
    with backend(tmp_path).open(holder, timeout=0, waiting=silent):
        assert json.loads((tmp_path / "state.json.lock").read_text()) == asdict(holder)
        with pytest.raises(LockedError) as raised:
            backend(tmp_path).open(HOLDER, timeout=0, waiting=silent)
    assert raised.value.exit_code == EXIT_LOCKED
    for part in ("ana on build7", "2025-01-02T03:04:05Z", "`amlplan apply`", "https://ci/7"):
        assert part in raised.value.detail
    assert f"process {HOLDER.pid}" in raised.value.detail
    assert "the lock goes by itself with its process" in raised.value.detail
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
        pass


def test_waiting_is_told_once_and_then_gets_the_lock(tmp_path: Path) -> None:
    told: list[Holder | None] = []
    opened = backend(tmp_path).open(HOLDER, timeout=0, waiting=silent)
    opened.__enter__()
    timer = threading.Timer(0.4, opened.__exit__)
    timer.start()
    start = time.monotonic()
    with backend(tmp_path).open(replace(HOLDER, user="bob"), timeout=10, waiting=told.append):
        assert 0.2 < time.monotonic() - start < 5
    timer.join()
    assert [who.user for who in told if who] == ["ana"]


def test_timeout(tmp_path: Path) -> None:
    told: list[Holder | None] = []
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
        start = time.monotonic()
        with pytest.raises(LockedError):
            backend(tmp_path).open(HOLDER, timeout=0.3, waiting=told.append)
        assert 0.3 <= time.monotonic() - start < 3
    assert len(told) == 1


def test_the_lock_file_stays_and_says_nothing_when_free(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
        inode = (tmp_path / "state.json.lock").stat().st_ino
    assert (tmp_path / "state.json.lock").stat().st_ino == inode
    assert (tmp_path / "state.json.lock").read_bytes() == b""
    assert read_holder(tmp_path / "state.json.lock") is None


def test_a_holder_that_does_not_say_who_it_is(tmp_path: Path) -> None:
    for text in (b"", b"{", b"[1]", b'{"user": 1}', b"\xff" * 99):
        with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
            (tmp_path / "state.json.lock").write_bytes(text)
            with pytest.raises(LockedError, match="which did not say who it is"):
                backend(tmp_path).open(HOLDER, timeout=0, waiting=silent)


def test_deleting_the_lock_file_under_its_holder_lets_nobody_in(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        (tmp_path / "state.json.lock").unlink()
        with pytest.raises(LockedError):
            backend(tmp_path).open(HOLDER, timeout=0.2, waiting=silent)
        (tmp_path / "state.json.lock").unlink()
        with pytest.raises(LockedError):
            backend(tmp_path).open(HOLDER, timeout=0, waiting=silent)
        writer.finish("a.one", record("a.one"))
        writer.conclude(None, None)
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        assert set(writer.state.records) == {"a.one"}


def test_a_lock_file_replaced_while_it_was_locked_is_locked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json.lock"
    really = fcntl.flock
    locked: list[int] = []

    def replace_first(descriptor: int, operation: int) -> None:
        really(descriptor, operation)
        if not locked:
            path.unlink()
            path.touch()
        locked.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(fcntl, "flock", replace_first)
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent):
        assert len(locked) == 3  # the replaced lock file, the new one, the journal
        assert locked[1] == path.stat().st_ino


def test_nothing_is_kept_locked_after_a_failure_to_open(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("broken")
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(3):
        with pytest.raises(StateError, match="is damaged"):
            backend(tmp_path).open(HOLDER, timeout=0, waiting=silent)
    if before:
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        (
            {
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "7",
            },
            "https://github.com/a/b/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://gitlab/j/1"}, "https://gitlab/j/1"),
        ({"BUILD_URL": "https://jenkins/1"}, "https://jenkins/1"),
    ],
)
def test_ci_url(environment: dict[str, str], expected: str | None) -> None:
    assert ci_url(environment) == expected
