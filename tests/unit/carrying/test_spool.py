"""What a script printed, kept until somebody has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amlplan_docker.inside import spool
from amlplan_docker.inside.frames import Frames
from amlplan_docker.inside.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _all_of(kept: Spool, offset: int = 0) -> list[tuple[int, bytes]]:
    frames, found = Frames(), []
    while data := kept.read(offset):
        offset += len(data)
        found += [(number, payload) for _, number, payload in frames.take(data)]
    return found


def test_output_is_read_from_any_offset_over_many_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "PIECE", 50)
    kept = Spool(str(tmp_path))
    offsets = []
    for number in range(20):
        offsets.append(kept.size)
        kept.add(number % 2, b"line %d" % number)
    assert len(list(tmp_path.iterdir())) > 3
    assert _all_of(kept) == [(number % 2, b"line %d" % number) for number in range(20)]
    assert _all_of(kept, offsets[13])[0] == (1, b"line 13")
    kept.let_go(offsets[13])
    assert _all_of(kept, offsets[13])[0] == (1, b"line 13")
    assert len(list(tmp_path.iterdir())) < 6


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Spool(str(tmp_path))
    kept.add(0, b"before")
    real = os.write

    def short(descriptor: int, data: bytes) -> int:
        return real(descriptor, data[:3])

    monkeypatch.setattr(os, "write", short)
    kept.add(0, b"on a full disk")
    assert [kept.is_full, _all_of(kept)] == [True, [(0, b"before")]]
    monkeypatch.setattr(os, "write", real)
    assert [kept.is_full] == [False]
    kept.add(1, b"after")
    assert _all_of(kept) == [(0, b"before"), (0, b"on a full disk"), (1, b"after")]


def test_a_script_waits_where_nobody_takes_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MOST", 100)
    kept = Spool(str(tmp_path))
    kept.add(0, b"x" * 200)
    assert [kept.is_full] == [True]
    kept.let_go(kept.size)
    assert [kept.is_full] == [False]
