"""A snapshot put back over a folder that holds something: what changes, then the change."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlplan.digests import PREFIX, hash_file
from amlplan.errors import AmlplanError
from amlplan.files import failure_at, make_folder, special_file
from amlplan.snapshots.copies import write_copy
from amlplan.snapshots.manifest import File, Link, Snapshot
from amlplan.snapshots.snapshot import store
from amlplan.snapshots.tree import find, stays_inside
from amlplan.wording import few

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from amlplan.content_store import ContentStore
    from amlplan.snapshots.ignore import IgnoreRules
    from amlplan.snapshots.manifest import Entry


@dataclass(frozen=True, slots=True)
class Restoring:
    """What putting a snapshot back changes in a folder; paths, sorted.

    `extra` is what the folder has beside the snapshot and its ignore files let in; it is removed
    where `removes` says so. `before` has what is there now in place of what changes.
    """

    snapshot: Snapshot
    folder: Path
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    extra: tuple[str, ...]
    removes: bool
    before: Mapping[str, Entry]

    @property
    def changes(self) -> bool:
        """Whether anything has to be done."""
        return bool(self.added or self.replaced or (self.removes and self.extra))


def restoring(
    snapshot: Snapshot,
    rules: IgnoreRules,
    *,
    removes: bool,
    check: Callable[[], None] = lambda: None,
) -> Restoring:
    """What putting a snapshot back into the rules' source would change; blocks, only reads.

    Raises AmlplanError where something that is no file of its own stands in the way: a folder, a
    device, or a link in place of a folder, which would lead writing elsewhere.
    """
    folder = rules.source
    blocked = [path for path in snapshot.entries if _is_in_the_way(folder, path)]
    if blocked:
        raise AmlplanError(
            "Something stands in the way",
            f"In {folder}, no file can be put at {few(sorted(blocked))}: a folder, a device or a "
            "link stands there or above it. Move that away, or restore into another folder.",
        )
    before: dict[str, Entry] = {}
    added, replaced = [], []
    for path, entry in snapshot.entries.items():
        check()
        now = _entry_at(folder / path)
        if now is None:
            added.append(path)
        elif now != entry:
            replaced.append(path)
            before[path] = now
    extra = _extra(snapshot, rules, removes=removes)
    if removes:
        before |= extra
    return Restoring(
        snapshot,
        folder,
        tuple(sorted(added)),
        tuple(sorted(replaced)),
        tuple(sorted(extra)),
        removes,
        before,
    )


def restore(
    plan: Restoring, content: ContentStore, check: Callable[[], None] = lambda: None
) -> Snapshot | None:
    """Carry a plan out; gives a stored snapshot of what was replaced and removed, None if nothing.

    Every file is put in its place whole; an interrupted call is repeated. Raises AmlplanError
    where a file that is to go changed since the plan, before anything is changed.
    """
    kept = Snapshot.of(plan.before) if plan.before else None
    _check_unchanged(plan)
    if kept is not None:
        store(kept, plan.folder, content, check)
    for path in (*plan.added, *plan.replaced):
        check()
        is_new = path not in plan.before
        _put(plan.snapshot.entries[path], plan.folder / path, content, is_new=is_new)
    if plan.removes:
        for path in plan.extra:
            _remove(plan.folder, path)
    return kept


def _is_in_the_way(folder: Path, path: str) -> bool:
    """Whether something other than a file, a link or nothing stands at a path, or above it."""
    *above, _ = path.split("/")
    place = folder
    for name in above:
        place /= name
        status = _status(place)
        if status is None:
            return False
        if not stat.S_ISDIR(status.st_mode):
            return True
    status = _status(folder / path)
    if status is None or stat.S_ISREG(status.st_mode):
        return False
    if stat.S_ISLNK(status.st_mode):  # one that leads outside could not be kept as it was
        return not stays_inside(path, os.readlink(folder / path))  # noqa: PTH115
    return True


def _status(place: Path) -> os.stat_result | None:
    try:
        return place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise failure_at(place, "read", failure) from failure


def _entry_at(place: Path) -> Entry | None:
    status = _status(place)
    if status is None:
        return None
    try:
        if stat.S_ISLNK(status.st_mode):
            return Link(os.readlink(place))  # noqa: PTH115 - as it is written
        if not stat.S_ISREG(status.st_mode):
            raise special_file(place)
        digest = PREFIX + hash_file(place)
        return File(digest, status.st_size, bool(status.st_mode & 0o100))
    except OSError as failure:
        raise failure_at(place, "read", failure) from failure


def _extra(snapshot: Snapshot, rules: IgnoreRules, *, removes: bool) -> dict[str, Entry]:
    """What a snapshot of the folder would have beside this one; what cannot be told may stay."""
    if not rules.source.is_dir():
        return {}
    found: dict[str, Entry] = {}
    try:
        for item in find(rules):
            if item.path not in snapshot.entries:
                entry = _entry_at(rules.source / item.path)
                if entry is not None:
                    found[item.path] = entry
    except AmlplanError:
        if removes:
            raise
    return found


def _check_unchanged(plan: Restoring) -> None:
    """Raise AmlplanError where something that is to go is no longer what was shown."""
    for path, entry in plan.before.items():
        if _entry_at(plan.folder / path) != entry:
            raise _changed(plan.folder / path)
    for path in plan.added:
        if _status(plan.folder / path) is not None:
            raise _changed(plan.folder / path)


def _changed(place: Path) -> AmlplanError:
    return AmlplanError(
        "A file changed since the plan",
        f"{place} is not what it was when the plan was made. Restore again.",
    )


def _put(entry: Entry, place: Path, content: ContentStore, *, is_new: bool) -> None:
    """Put one file in its place, whole; what came there in the meantime stays."""
    make_folder(place.parent)
    part = place.with_name(f".{place.name}.{secrets.token_hex(8)}.part")
    try:
        if isinstance(entry, Link):
            part.symlink_to(entry.target)
        else:
            write_copy(content.path(entry.digest), part, entry)
        if is_new:
            os.link(part, place, follow_symlinks=False)
        else:
            part.replace(place)
    except FileExistsError as failure:
        raise _changed(place) from failure
    except OSError as failure:
        raise failure_at(place, "written", failure) from failure
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _remove(folder: Path, path: str) -> None:
    """Remove a file, and the folders above it that are empty then."""
    place = folder / path
    try:
        place.unlink(missing_ok=True)
    except OSError as failure:
        raise failure_at(place, "removed", failure) from failure
    for above in place.relative_to(folder).parents:
        if above.name:
            with contextlib.suppress(OSError):
                (folder / above).rmdir()
