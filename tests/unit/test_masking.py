from __future__ import annotations

import base64
import json
import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlplan.masking import MASK, StreamMask, forms_of

MASKED = MASK.encode()
SECRET = 'pass"word/+ä'


def through(mask: StreamMask, *pieces: bytes) -> bytes:
    return b"".join(map(mask.take, pieces)) + mask.finish()


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        quote(SECRET),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_every_form_is_masked(text: str) -> None:
    assert through(StreamMask(forms_of(SECRET)), f"<{text}>".encode()) == b"<" + MASKED + b">"


def test_a_short_value_has_no_form() -> None:
    assert forms_of("12345") == set()
    assert through(StreamMask(forms_of("12345")), b"12345") == b"12345"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_a_form_that_is_split_over_pieces_is_masked(size: int) -> None:
    text = f"a {SECRET} b {SECRET}{SECRET} c {SECRET[:-1]}".encode()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    whole = b"a " + MASKED + b" b " + MASKED * 2 + b" c " + SECRET.encode()[:-2]
    assert through(StreamMask({SECRET}), *pieces) == whole


def test_only_what_may_be_the_beginning_of_a_form_is_held_back() -> None:
    mask = StreamMask({"abcdef"})
    assert mask.take(b"a whole line\n") == b"a whole line\n"
    assert mask.take(b"then abc") == b"then "
    assert mask.take(b"x") == b"abcx"


def test_the_longer_of_two_forms_is_masked_whole() -> None:
    assert through(StreamMask({"abcdef", "abcdefghi"}), b"abcdef", b"ghi") == MASKED


def test_of_forms_that_overlap_nothing_is_shown() -> None:
    mask = StreamMask({"abcdef", "defghi"})
    assert through(mask, b"-abcdefghi-") == b"-" + MASKED + b"-"
    assert through(mask, b"-abcdef", b"ghi-") == b"-" + MASKED + b"-"


def test_a_form_that_repeats_itself_is_held_back_no_longer_than_itself() -> None:
    mask = StreamMask({"abababab"})
    for _ in range(100):
        mask.take(b"ab" * 500)
        assert len(mask._held) < len("abababab")
    assert b"a" not in through(mask, b"ab" * 500).replace(MASKED, b"")


@given(st.text("ab", max_size=60), st.sets(st.text("ab", min_size=2, max_size=5)), st.integers())
def test_pieces_are_masked_as_the_whole_is(text: str, forms: set[str], seed: int) -> None:
    chance = random.Random(seed)
    pieces, rest = [], text.encode()
    while rest:
        size = chance.randint(1, 7)
        pieces.append(rest[:size])
        rest = rest[size:]
    assert through(StreamMask(forms), *pieces) == through(StreamMask(forms), text.encode())
    hidden = bytearray(text.encode())
    for form in forms:
        for at in range(len(text)):
            if text.startswith(form, at):
                hidden[at : at + len(form)] = b"\0" * len(form)
    shown = through(StreamMask(forms), *pieces).replace(MASKED, b"")
    assert shown == bytes(hidden).replace(b"\0", b"")
