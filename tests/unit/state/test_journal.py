from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amlplan.errors import StateFormatError
from amlplan_schemas.state import State, Target, Tree
from amlplan_state import journal
from amlplan_state.journal import Begun, DamagedLineError, Entry, Finished, Moved, StepDone
from state_support import HOLDER, backend, intent, record, silent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EMPTY = State(tool_version="0.1.0", lineage="l", serial=7, salt="00")
ENTRIES: list[Entry] = [
    Begun(intent=intent("a.one")),
    StepDone(address="a.one", name="copied", data={"to": "/x\n", "parts": [1, 2.5, None, "é"]}),
    Begun(intent=intent("a.two")),
    Finished(address="a.one", record=record("a.one")),
    Begun(intent=intent("a.one", "delete")),
    Finished(address="a.one", record=None),
]


def text_of(batches: Sequence[Sequence[Entry]], base: int = 7) -> bytes:
    text, first = b"", 1
    for batch in batches:
        text += journal.lines(base, first, [journal.encode_entry(entry) for entry in batch])
        first += len(batch)
    return text


ONE_BY_ONE = text_of([[entry] for entry in ENTRIES])


def test_entries_come_back() -> None:
    read = journal.parse(ONE_BY_ONE, 7)
    assert list(read.entries) == ENTRIES
    assert read.length == len(ONE_BY_ONE)
    assert ONE_BY_ONE.count(b"\n") == len(ENTRIES)


def test_overlay() -> None:
    after = journal.overlay(EMPTY, ENTRIES[:3])
    assert set(after.pending) == {"a.one", "a.two"}
    assert after.pending["a.one"].steps == {"copied": {"to": "/x\n", "parts": [1, 2.5, None, "é"]}}
    after = journal.overlay(after, ENTRIES[3:4])
    assert after.records == {"a.one": record("a.one")}
    assert set(after.pending) == {"a.two"}
    assert journal.overlay(after, ENTRIES[4:]).records == {}
    assert EMPTY.records == {}
    assert EMPTY.pending == {}


def test_records_move_at_once_with_what_refers_to_them() -> None:
    leaning = record("a.three").model_copy(update={"depends_on": ("a.one", "a.two")})
    reference = {"address": "a.one", "kind": "a", "identity": "i"}
    leaning = leaning.model_copy(
        update={
            "inputs": Tree(values={"on": reference, "many": [reference], "text": "a.one"}),
            "targets": {"on": Target(**reference)},
        }
    )
    entries: list[Entry] = [
        *(Finished(address=name, record=record(name)) for name in ("a.one", "a.two")),
        Finished(address="a.three", record=leaning),
        Moved(names={"a.one": "a.two", "a.two": "b.one"}),
    ]
    read = journal.parse(text_of([entries]), 7)
    after = journal.overlay(EMPTY, read.entries).records
    assert set(after) == {"a.two", "b.one", "a.three"}
    assert {name: item.address for name, item in after.items()} == {name: name for name in after}
    assert after["a.two"].identity == "lineage/a.one/1"
    assert after["b.one"].identity == "lineage/a.two/1"
    assert after["a.three"].depends_on == ("a.two", "b.one")
    moved = {**reference, "address": "a.two"}
    assert after["a.three"].inputs.values == {"on": moved, "many": [moved], "text": "a.one"}
    assert after["a.three"].targets["on"].address == "a.two"


def test_a_tail_torn_at_any_byte_leaves_what_was_before() -> None:
    ends = [place + 1 for place, byte in enumerate(ONE_BY_ONE) if byte == ord("\n")]
    for cut in range(len(ONE_BY_ONE)):
        for tail in (b"", b"\x00" * 40, b"\x00\n"):
            read = journal.parse(ONE_BY_ONE[:cut] + tail, 7)
            whole = sum(end <= cut for end in ends)
            assert list(read.entries) == ENTRIES[:whole]
            assert read.length == ([0, *ends][whole])


def test_a_flipped_byte_is_an_error_unless_it_may_be_the_torn_tail() -> None:
    last = ONE_BY_ONE.rindex(b"\n", 0, -1) + 1
    for place in range(len(ONE_BY_ONE)):
        damaged = ONE_BY_ONE[:place] + bytes([ONE_BY_ONE[place] ^ 1]) + ONE_BY_ONE[place + 1 :]
        if (
            place >= last - 1
        ):  # without the line end before it the last line takes in the one before
            assert list(journal.parse(damaged, 7).entries) == ENTRIES[: -1 if place >= last else -2]
        else:
            with pytest.raises(DamagedLineError) as raised:
                journal.parse(damaged, 7)
            assert raised.value.line == ONE_BY_ONE.count(b"\n", 0, place) + 1


def test_a_missing_line_is_an_error() -> None:
    lines = ONE_BY_ONE.splitlines(keepends=True)
    for gone in range(len(lines) - 1):
        with pytest.raises(DamagedLineError):
            journal.parse(b"".join(lines[:gone] + lines[gone + 1 :]), 7)


def test_a_line_put_in_is_an_error() -> None:
    lines = ONE_BY_ONE.splitlines(keepends=True)
    with pytest.raises(DamagedLineError):
        journal.parse(b"".join([*lines[:2], b"# mine\n", *lines[2:]]), 7)


def test_a_hole_in_the_batch_that_was_not_yet_synced_is_a_torn_tail() -> None:
    text = text_of([ENTRIES[:2], ENTRIES[2:]])
    lines = text.splitlines(keepends=True)
    for hole in range(2, len(lines)):
        gone = b"\x00" * len(lines[hole])
        read = journal.parse(b"".join([*lines[:hole], gone, *lines[hole + 1 :]]), 7)
        assert list(read.entries) == ENTRIES[:hole]
        assert read.length == len(b"".join(lines[:hole]))
    with pytest.raises(DamagedLineError):
        journal.parse(b"".join([lines[0], b"\x00" * 9, b"\n", *lines[2:]]), 7)


def test_lines_of_earlier_serials_are_ignored() -> None:
    stale = text_of([ENTRIES[:2], ENTRIES[2:3]], base=6)
    for before in (stale, stale[:-5], stale[:-5] + b"\n", stale + b"\x00\n"):
        assert journal.parse(before, 7).entries == []
        assert journal.parse(before, 7).length == 0
    read = journal.parse(stale + ONE_BY_ONE, 7)
    assert list(read.entries) == ENTRIES
    assert read.length == len(stale + ONE_BY_ONE)


def test_a_kind_of_entry_that_is_not_known_is_never_dropped() -> None:
    text = journal.lines(7, 1, [b'{"entry":"novelty"}'])
    with pytest.raises(DamagedLineError):
        journal.parse(text, 7)


def test_damage_is_told_with_its_line_and_what_to_do(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        for name in ("a.one", "a.two", "a.three"):
            writer.finish(name, record(name))
    path = tmp_path / "state.json.journal"
    path.write_bytes(path.read_bytes().replace(b"a.two", b"a.owt"))
    for attempt in (
        backend(tmp_path).reader().read,
        lambda: backend(tmp_path).open(HOLDER, timeout=0, waiting=silent),
    ):
        with pytest.raises(StateFormatError, match=f"Line 2 of {path}") as raised:
            attempt()
        assert f"amlplan state push {tmp_path / 'state.json'}" in raised.value.detail


def test_torn_anywhere_the_writer_goes_on_after_what_is_whole(tmp_path: Path) -> None:
    with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
        for name in ("a.one", "a.two"):
            writer.finish(name, record(name))
    path = tmp_path / "state.json.journal"
    text = path.read_bytes()
    first = text.index(b"\n") + 1
    for cut in range(0, len(text), 9):
        path.write_bytes(text[:cut])
        with backend(tmp_path).open(HOLDER, timeout=0, waiting=silent) as writer:
            writer.begin(intent("a.new"))
        state = backend(tmp_path).reader().read()
        assert state is not None
        assert set(state.records) == ({"a.one"} if cut >= first else set())
        assert set(state.pending) == {"a.new"}
        assert path.read_bytes().startswith(text[: first if cut >= first else 0])
