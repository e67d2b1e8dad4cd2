"""The journal: one line for each thing that happened since the state file was written.

    <base serial> <first of its batch> <sequence> <crc32> <entry as JSON>

A batch is what was written and synced at once. Its first sequence number proves that everything
before it was durable, which tells a tail that power loss tore from a journal that was damaged.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter
from pydantic_core import ValidationError, to_json

from amlplan.renaming import renamed
from amlplan_schemas.base import JsonValue, Stored
from amlplan_schemas.state import Intent, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from amlplan_schemas.state import State

_LINE = re.compile(rb"(\d{1,18}) (\d{1,18}) (\d{1,18}) ([0-9a-f]{8}) (.+)", re.DOTALL)


class Begun(Stored):
    """An operation began."""

    entry: Literal["begin"] = "begin"
    intent: Intent

    @property
    def address(self) -> str:
        """What it is about."""
        return self.intent.address


class StepDone(Stored):
    """A step of the operation under way is done."""

    entry: Literal["step"] = "step"
    address: str
    name: str
    data: JsonValue = None


class Announced(Stored):
    """An apply of a plan began: until the next snapshot its operations stand in the journal."""

    entry: Literal["plan"] = "plan"
    plan: str

    @property
    def address(self) -> str:
        """What it is about: no resource."""
        return ""


class Finished(Stored):
    """An operation ended: with a record, or None where no object is left."""

    entry: Literal["finish"] = "finish"
    address: str
    record: Record | None


class Moved(Stored):
    """Records went to other addresses, all at once."""

    entry: Literal["move"] = "move"
    names: dict[str, str]

    @property
    def address(self) -> str:
        """What it is about."""
        return ", ".join(self.names)


Entry = Announced | Begun | StepDone | Finished | Moved
_ENTRY: TypeAdapter[Entry] = TypeAdapter(
    Annotated[Announced | Begun | StepDone | Finished | Moved, Field(discriminator="entry")]
)


@dataclass(frozen=True, slots=True)
class Journal:
    """The entries that continue a state file: `length` bytes of the file are good.

    `newer_base` is the serial of lines that continue a later state file than the one at hand.
    """

    entries: Sequence[Entry]
    length: int
    newer_base: int | None = None


class DamagedLineError(Exception):
    """A line that was durable is unreadable; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def encode_entry(entry: Entry) -> bytes:
    """The JSON of an entry, on one line; raises ValueError for what JSON cannot hold."""
    return to_json(entry)


def lines(base: int, first: int, entries: Iterable[bytes]) -> bytes:
    """The lines of one batch, whose entries are numbered from `first`."""
    return b"".join(
        _line(base, first, sequence, entry) for sequence, entry in enumerate(entries, first)
    )


def _line(base: int, first: int, sequence: int, entry: bytes) -> bytes:
    front = b"%d %d %d " % (base, first, sequence)
    return b"%b%08x %b\n" % (front, zlib.crc32(entry, zlib.crc32(front)), entry)


@dataclass(frozen=True, slots=True)
class _Line:
    base: int
    first: int
    sequence: int
    text: bytes
    end: int


def parse(text: bytes, serial: int) -> Journal:
    """What a journal's bytes say about the state file with this serial.

    Lines of earlier serials are already in the state file. Entries of the last batch are dropped
    from the first one that is not whole: nobody was told that they were written. Raises
    DamagedLineError where an earlier batch is not whole.
    """
    entries: list[Entry] = []
    length = 0
    newer: int | None = None
    suspect: int | None = None
    for number, line in _read_lines(text):
        if line is None:
            suspect = suspect or number
            continue
        if line.base != serial:
            newer = line.base if line.base > serial else newer
            continue
        follows = line.sequence == len(entries) + 1
        if follows and not entries:
            suspect = None  # whatever was bad before belonged to an earlier state file
        if follows and suspect is None:
            entries.append(_entry_of(line, number))
            length = line.end
            continue
        suspect = suspect or number
        if follows or line.first > len(entries) + 1:
            raise DamagedLineError(suspect)
    return Journal(entries, length, newer)


def _read_lines(text: bytes) -> Iterator[tuple[int, _Line | None]]:
    """The numbered lines, None for those that are not as they were written."""
    end = 0
    for number, raw in enumerate(text.split(b"\n")[:-1], 1):
        end += len(raw) + 1
        found = _LINE.fullmatch(raw)
        if found is None:
            yield number, None
            continue
        base, first, sequence, checksum, entry = found.groups()
        whole = int(checksum, 16) == zlib.crc32(entry, zlib.crc32(raw[: found.start(4)]))
        yield number, _Line(int(base), int(first), int(sequence), entry, end) if whole else None


def _entry_of(line: _Line, number: int) -> Entry:
    try:
        return _ENTRY.validate_json(line.text)
    except ValidationError as failure:  # whole, but not of a kind that is known here
        raise DamagedLineError(number) from failure


def bases(text: bytes) -> set[int]:
    """The serials of the state files that a journal's lines continue."""
    return {line.base for _, line in _read_lines(text) if line is not None}


def overlay(state: State, entries: Iterable[Entry]) -> State:
    """A state with what happened since laid over it."""
    contents = Contents(state)
    for entry in entries:
        contents.take(entry)
    return contents.state


class Contents:
    """A state that takes entries one by one; not safe for several threads."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._underway = state.underway
        self.records = dict(state.records)
        self.pending = dict(state.pending)
        self._stale = False

    @property
    def state(self) -> State:
        """The frozen state with all entries taken; costs a copy of the tables after each one."""
        if self._stale:
            self._state = self._state.model_copy(
                update={
                    "records": dict(self.records),
                    "pending": dict(self.pending),
                    "underway": self._underway,
                }
            )
            self._stale = False
        return self._state

    def take(self, entry: Entry) -> None:
        """Make an entry part of the state."""
        self._stale = True
        match entry:
            case Announced(plan=plan):
                self._underway = plan
            case Begun(intent=intent):
                self.pending[intent.address] = intent
                self._underway = intent.plan
            case StepDone(address=address, name=name, data=data):
                begun = self.pending.get(address)
                if begun is not None:
                    steps = {**begun.steps, name: data}
                    self.pending[address] = begun.model_copy(update={"steps": steps})
            case Finished(address=address, record=record):
                self.pending.pop(address, None)
                if record is None:
                    self.records.pop(address, None)
                else:
                    self.records[address] = record
            case Moved(names=names):
                moved = renamed(self.records, names)
                self.records.update(moved)
                for name in names.keys() - moved.keys():
                    del self.records[name]

    def folded_into(self, state: State) -> None:
        """Go on from a snapshot that has every entry taken."""
        self._state = state
        self._underway = state.underway
        self._stale = False
