"""The state in local files: a snapshot, its journal, a lock, and earlier snapshots."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

from amlplan.errors import StateError
from amlplan_schemas.state import State
from amlplan_state import complaints, earlier, lock, replacing, snapshot
from amlplan_state.durable import Disk
from amlplan_state.journal import Journal
from amlplan_state.paths import StatePaths
from amlplan_state.reading import Found, read, snapshots
from amlplan_state.writer import LocalWriter, OpenLocalState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from amlplan.backend import Holder, LockStatus, Replacement, Snapshot
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Edit
    from amlplan_state.lock import StateLock

DEFAULT_PATH = "amlplan.state.json"


class LocalBackend:
    """A Backend with Versions, Exchanges and ShowsLock.

    `settings` takes `path`, relative to the project's folder.
    Where the path is a symbolic link, the state is its target and all files lie beside that.
    """

    def __init__(
        self,
        root: Path,
        settings: Mapping[str, JsonValue],
        tool_version: str,
        *,
        disk: Disk | None = None,
    ) -> None:
        self._paths = StatePaths(_path_of(root, settings))
        self._tool_version = tool_version
        self._disk = disk or Disk()

    def reader(self) -> LocalReader:
        """A reader; takes no lock."""
        return LocalReader(self._paths)

    def earlier(self) -> Sequence[str]:
        """The files of earlier snapshots, newest first."""
        return [str(path) for path in earlier.earlier(self._paths)]

    def snapshots(self) -> Iterator[Snapshot]:
        """The present snapshot and the earlier ones; see Versions."""
        return snapshots(self._paths)

    def open(
        self, holder: Holder, *, timeout: float, waiting: Callable[[Holder | None], None]
    ) -> OpenLocalState:
        """Lock the state and give its writer; see Backend."""
        try:
            held = lock.acquire(self._paths, holder, timeout=timeout, waiting=waiting)
        except OSError as failure:
            raise complaints.not_opened(self._paths, failure) from failure
        try:
            return OpenLocalState(self._writer(held), held)
        except OSError as failure:
            held.release()
            raise complaints.not_opened(self._paths, failure) from failure
        except BaseException:
            held.release()
            raise

    def document(self, state: State) -> bytes:
        """A state as its file has it."""
        return snapshot.encode(state)

    def parse(self, document: bytes, name: str) -> State:
        """The state in a document; see Exchanges."""
        state = snapshot.decode(document)
        if state is None:
            raise complaints.unreadable_document(name, document)
        return state

    def examine(self, state: State, *, force: bool) -> Replacement:
        """What `replace` would do; see Exchanges."""
        return replacing.examined(self._paths, state, force=force)

    def replace(
        self,
        state: State,
        holder: Holder,
        *,
        edit: Edit,
        force: bool,
        timeout: float,
        waiting: Callable[[Holder | None], None],
    ) -> Replacement:
        """Put a state in the place of the present one; see Exchanges."""
        try:
            held = lock.acquire(self._paths, holder, timeout=timeout, waiting=waiting)
        except OSError as failure:
            raise complaints.not_opened(self._paths, failure) from failure
        try:
            return replacing.replace(self._disk, self._paths, state, edit, force=force)
        except OSError as failure:
            raise complaints.not_replaced(self._paths, failure) from failure
        finally:
            held.release()

    def lock_status(self) -> LockStatus:
        """Whether anybody holds the lock now; see ShowsLock."""
        try:
            return lock.status(self._paths)
        except OSError as failure:
            raise complaints.not_read(self._paths.lock, failure, self._paths) from failure

    def _writer(self, held: StateLock) -> LocalWriter:
        found = read(self._paths)
        if found is None:
            found = Found(self._make_first(), Journal((), 0), 0)
        else:
            self._make_durable()
        descriptor = self._open_journal(held)
        try:
            self._cut_to_good(found, descriptor)
        except OSError:
            self._disk.close(descriptor)
            raise
        return LocalWriter(self._disk, self._paths, found, descriptor, self._tool_version)

    def _make_first(self) -> State:
        state = State(
            tool_version=self._tool_version,
            lineage=str(uuid.uuid4()),
            serial=1,
            salt=secrets.token_hex(16),
        )
        earlier.put(self._disk, self._paths, state, None)
        return state

    def _make_durable(self) -> None:
        """Sync what was read: who wrote it may have been killed before, or may have been `cp`."""
        descriptor = self._disk.open_to_append(self._paths.state)
        try:
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        self._disk.sync_folder(self._paths.folder)

    def _open_journal(self, held: StateLock) -> int:
        try:
            return self._disk.open_to_append(self._paths.journal)
        except FileNotFoundError:
            self._disk.close(self._disk.create(self._paths.journal))
            held.add_journal()
            self._disk.sync_folder(self._paths.folder)
            return self._disk.open_to_append(self._paths.journal)

    def _cut_to_good(self, found: Found, descriptor: int) -> None:
        """Remove lines that are torn or already in the snapshot, before anything is appended."""
        if found.journal_size > found.journal.length:
            self._disk.truncate(descriptor, found.journal.length)
        if found.journal_size:
            self._disk.sync(descriptor)


class LocalReader:
    """A StateReader."""

    def __init__(self, paths: StatePaths) -> None:
        self._paths = paths

    def read(self) -> State | None:
        """The state with its journal laid over it; see StateReader."""
        found = read(self._paths)
        return None if found is None else found.state

    def location(self) -> str:
        """The state file."""
        return str(self._paths.state)


def _path_of(root: Path, settings: Mapping[str, JsonValue]) -> Path:
    unknown = sorted(settings.keys() - {"path"})
    if unknown:
        raise StateError(
            "Unknown setting of the state",
            f'state "local" has no setting {", ".join(unknown)}; it takes path only. Remove '
            f"{'them' if len(unknown) > 1 else 'it'} from the state block.",
        )
    path = settings.get("path", DEFAULT_PATH)
    if not isinstance(path, str) or not path or "\0" in path:
        raise StateError(
            "Wrong setting of the state",
            f"path is {path!r}, which does not name a file. Write one relative to the project's "
            f'folder, as in path = "{DEFAULT_PATH}".',
        )
    try:
        return (root / path).resolve()
    except (OSError, RuntimeError) as failure:  # links in a circle
        raise StateError(
            "The path of the state leads nowhere",
            f"{root / path} cannot be followed: {failure}. Correct the link or the path in the "
            "state block.",
        ) from failure
