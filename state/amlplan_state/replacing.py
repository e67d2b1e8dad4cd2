"""Replaces a whole state by another; whatever was there is kept."""

from __future__ import annotations

import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.backend import Replacement
from amlplan.errors import StateFormatError
from amlplan_state import earlier, refusals
from amlplan_state.durable import write_new
from amlplan_state.faults import claimed_serial, fault_of
from amlplan_state.journal import DamagedLineError, bases, overlay, parse
from amlplan_state.reading import Found, read
from amlplan_state.snapshot import decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from amlplan_schemas.state import Edit, State
    from amlplan_state.durable import Disk
    from amlplan_state.journal import Entry
    from amlplan_state.paths import StatePaths


@dataclass(frozen=True, slots=True)
class _Course:
    """What will be written: `folded` first, where the journal has something to keep.

    `current` is the serial of a present snapshot to keep, `links` and `copies` are the files to
    keep aside with their names there. `log_goes_on` tells that the journal continues the new state.
    """

    replacement: Replacement
    snapshot: State
    current: int | None = None
    folded: State | None = None
    links: tuple[tuple[Path, Path], ...] = ()
    copies: tuple[tuple[Path, Path], ...] = ()
    log_goes_on: bool = False


def examined(paths: StatePaths, state: State, *, force: bool) -> Replacement:
    """What `replace` would do; raises StateError where it would refuse."""
    return _course(paths, state, None, force=force).replacement


def replace(disk: Disk, paths: StatePaths, state: State, edit: Edit, *, force: bool) -> Replacement:
    """Put a state in the place of the one that is there, whose lock is held; see Exchanges.

    Until the rename all is as it was, but for copies; from then on the new state is in effect: the
    lines that the journal still has continue an earlier serial. Where the present state cannot be
    read, its journal says nothing by itself and is emptied before.
    """
    course = _course(paths, state, edit, force=force)
    current = course.current
    if course.folded is not None:
        earlier.put(disk, paths, course.folded, current)
        current = course.folded.serial
    for source, name in course.links:
        if not name.exists():
            disk.link(source, name)
    for source, name in course.copies:
        write_new(disk, name, source.read_bytes())
    if course.replacement.aside:
        disk.sync_folder(paths.folder)
    if course.replacement.before is None and not course.log_goes_on:
        _empty_journal(disk, paths)
    earlier.put(disk, paths, course.snapshot, current)
    if not course.log_goes_on:
        _empty_journal(disk, paths)
    # Serials may have been left out: the newest among the earlier ones tells the last one given.
    earlier.keep_copy(disk, paths, course.snapshot)
    with suppress(OSError):  # a copy too many does no harm
        earlier.prune(disk, paths)
    return course.replacement


def _course(paths: StatePaths, state: State, edit: Edit | None, *, force: bool) -> _Course:
    state = state.model_copy(update={"underway": None})
    try:
        found = read(paths)
    except StateFormatError as trouble:
        return _over_unreadable(paths, state, edit, trouble, force=force)
    if found is None:
        return _Course(Replacement(None, state), state)
    before = found.state
    if not force:
        refusals.check_follows(paths, state, before)
    last = earlier.last_serial(paths, max([found.snapshot.serial, *_bases(paths)]))
    folded = _folded(found, last)
    last = last if folded is None else folded.serial
    serial = state.serial if state.serial > last else last + 1
    after = state.model_copy(update={"serial": serial, "edit": edit})
    return _Course(Replacement(before, after), after, found.snapshot.serial, folded)


def _folded(found: Found, last: int) -> State | None:
    """The present state as a snapshot of its own, where the journal holds a part of it."""
    if not found.journal.entries:
        return None
    return found.state.model_copy(update={"serial": last + 1, "underway": None, "edit": None})


def _over_unreadable(
    paths: StatePaths, state: State, edit: Edit | None, trouble: StateFormatError, *, force: bool
) -> _Course:
    text = _bytes_of(paths.state, trouble)
    log = _bytes_of(paths.journal, trouble) or b""
    alone = decode(text) if text is not None else None
    if not force:
        if text is not None and alone is None and fault_of("", text).is_whole:
            raise trouble
        known = alone or _newest_good(paths)
        if known is not None:
            refusals.check_lineage(paths, state, known)
        if alone is not None:
            refusals.check_not_older(paths, state, alone)
    newest = earlier.last_serial(paths, 0 if alone is None else alone.serial)
    if state.serial < newest:
        # A serial that cannot be read is the one after the newest that was kept, at the most.
        last = max([newest + 1, claimed_serial(text or b""), *_bases(paths)])
        state = state.model_copy(update={"serial": last + 1, "edit": edit})
    # Else it is as it was when it had this serial: an apply that was lost since gives its objects
    # the same identities once more, and so finds them.
    entries = _continuing(log, state) if alone is None else ()
    links: tuple[tuple[Path, Path], ...] = ()
    if text is not None and alone is None:
        links = ((paths.state, _name_aside(paths.state, text)),)
    copies: tuple[tuple[Path, Path], ...] = ()
    if log and not entries:
        copies = ((paths.journal, _name_aside(paths.journal, log)),)
    aside = tuple(str(name) for _, name in (*links, *copies))
    return _Course(
        Replacement(None, overlay(state, entries), aside),
        state,
        current=None if alone is None else alone.serial,
        links=links,
        copies=copies,
        log_goes_on=bool(entries),
    )


def _continuing(log: bytes, state: State) -> Sequence[Entry]:
    """The entries of a journal that continues a state; none where it is damaged or newer."""
    try:
        journal = parse(log, state.serial)
    except DamagedLineError:
        return ()
    return () if journal.newer_base is not None else journal.entries


def _newest_good(paths: StatePaths) -> State | None:
    found = earlier.newest_good(paths)
    return None if found is None else found[1]


def _bases(paths: StatePaths) -> set[int]:
    try:
        return bases(paths.journal.read_bytes())
    except OSError:
        return set()


def _bytes_of(path: Path, trouble: StateFormatError) -> bytes | None:
    """The bytes of a file, None where it is gone; raises what is the trouble where it is no file.

    A folder in its place, or a mode that keeps us out, is not mended by writing another state.
    """
    try:
        if not stat.S_ISREG(path.stat(follow_symlinks=False).st_mode):
            raise trouble
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        raise trouble from None


def _name_aside(path: Path, content: bytes) -> Path:
    """A name beside the file that is free, or has these very bytes already."""
    number = 1
    while True:
        name = path.with_name(f"{path.name}.aside{f'-{number}' if number > 1 else ''}")
        if not name.exists() or name.read_bytes() == content:
            return name
        number += 1


def _empty_journal(disk: Disk, paths: StatePaths) -> None:
    try:
        descriptor = disk.open_to_append(paths.journal)
    except FileNotFoundError:
        return
    try:
        disk.truncate(descriptor, 0)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
