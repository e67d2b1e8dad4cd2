from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_local import run_log
from amlplan_local.run_log import RunLog

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_log_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"before\n")
    log = RunLog(path, (), 100)
    log.take(b"after\n")
    log.finish()
    assert path.read_bytes() == b"before\nafter\n"


def test_beyond_the_limit_only_the_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "ENDING", 8)
    path = tmp_path / "log.txt"
    log = RunLog(path, {"secret-value"}, 10)
    log.take(b"0123456789ABC")
    assert path.read_bytes().startswith(b"0123456789\n(amlplan: no more is kept here")
    log.take(b"x" * 1000)
    log.take(b"the end\n")
    log.finish()
    assert path.read_bytes().endswith(b"(amlplan: 1003 bytes are left out here)\nthe end\n")


def test_a_secret_at_the_end_of_a_long_log_is_masked(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    log = RunLog(path, {"secret-value"}, 4)
    log.take(b"12345 secret-")
    log.take(b"value")
    log.finish()
    assert path.read_bytes().endswith(b"5 (sensitive value)")


def test_a_disk_that_takes_nothing_ends_no_script(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.symlink_to("/dev/full")
    log = RunLog(path, (), 1000)
    log.take(b"output")
    log.finish()
