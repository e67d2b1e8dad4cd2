"""Frames of two streams, cut anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_docker.engine.frames import STDERR, STDOUT, Frames, pieces_of

if TYPE_CHECKING:
    from random import Random

WANTED = [(STDOUT, b"out\n"), (STDERR, b""), (STDERR, b"\x00\x01\xff" * 100), (STDOUT, b"end")]
SENT = b"".join(
    bytes([which, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for which, data in WANTED
)


def test_cuts_anywhere_change_nothing(rounds: list[Random]) -> None:
    for random in rounds:
        for _ in range(50):
            cuts = sorted(random.sample(range(len(SENT)), 5))
            parts = [SENT[a:b] for a, b in zip([0, *cuts], [*cuts, len(SENT)], strict=True)]
            frames = Frames()
            got = {STDOUT: b"", STDERR: b""}
            for part in parts:
                for which, piece in frames.feed(part):
                    got[which] += piece
            assert got == {STDOUT: b"out\nend", STDERR: b"\x00\x01\xff" * 100}
            assert b"".join(pieces_of(parts)) == b"".join(data for _, data in WANTED)


def test_byte_by_byte() -> None:
    assert b"".join(pieces_of(bytes([byte]) for byte in SENT)) == b"".join(d for _, d in WANTED)


def test_a_cut_end_gives_what_came() -> None:
    assert b"".join(pieces_of([SENT[:10]])) == b"ou"
